"""Jobs killed at any statement, and run by two processes at once, end as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator

import pytest

from marketplace.config import Settings
from marketplace.domain.jobs import PLANS
from marketplace.use_cases.register_worker import LEASE
from tests.jobs import mould as moulds
from tests.jobs.mould import Mould, Place

DEATHS = int(os.environ.get("JOB_DEATHS", "2"))
"""Kills of each job, one after the other; the work that is left shrinks with them."""
ONLY_LOOK = frozenset({"verify-audit", "check-pieces"})
"""Jobs that change nothing; the former notes every look, and is to."""
USED_UP = frozenset({"entry_id", "content"})
"""Numbers of the audit record that a killed transaction has taken with it, and hashes over them."""
WITHOUT: dict[str, frozenset[str]] = {
    "seal-audit": frozenset(),
    "prepare-auctions": USED_UP | {"auction_id", "lot_id", "object_id"},
    "import-registers": USED_UP
    | {"id", "object_id", "attempts", "claimed_by", "seconds", "at", "created_at", "updated_at"}
    | {"claimed_until", "started_at", "finished_at"},
}
"""What may differ: such numbers of other tables, and who did it when."""


@pytest.fixture(scope="module")
def mould(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mould]:
    with moulds.mould(settings, tmp_path_factory.mktemp("deaths")) as made:
        yield made


@pytest.mark.parametrize("job", [plan.name for plan in PLANS if plan.name not in ONLY_LOOK])
def test_killed_at_any_statement_and_run_by_two_at_once_it_ends_the_same(mould: Mould, job: str) -> None:
    but = WITHOUT.get(job, USED_UP)
    with mould.place() as undisturbed:
        before = undisturbed.content(but)
        [(status, statements)] = undisturbed.run(job, 0)
        assert status == 0
        undisturbed.run(job, 0)
        content = undisturbed.content(but)
    assert content != before, "there was nothing to do"
    with mould.place() as disturbed:
        chance = random.Random(f"{job} {os.environ.get('JOB_SEED', '')}")
        for _ in range(DEATHS):
            [(status, count)] = disturbed.run(job, chance.randint(1, statements))
            assert status == -signal.SIGKILL or (status == 0 and count <= statements)
            _pass_time(disturbed, job)
        assert [status for status, _ in disturbed.run(job, 0, 0)] == [0, 0]
        disturbed.run(job, 0)
        assert disturbed.content(but) == content


def _pass_time(place: Place, job: str) -> None:
    """A run of an import belongs to whoever began it until so much time has passed."""
    if job == "import-registers":
        place.moment += LEASE
