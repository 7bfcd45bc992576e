"""A town in the middle of its year, with work for every job; copied for each test that needs one."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

from marketplace.config import ROOT, Settings
from marketplace.db import migrate
from marketplace.db.people import Unit
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.domain.disposals import Way, Why
from marketplace.domain.finding import Mode
from marketplace.domain.listings import Offer
from marketplace.domain.orders import OrderAction, OrderKind
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.domain.queue import AwardRule
from marketplace.media.images import SIZES
from marketplace.media.store import key
from marketplace.use_cases import (
    decisions,
    disposal_decisions,
    disposal_preparation,
    listings,
    register_import,
)
from marketplace.use_cases.order_drafts import Details
from search import schema
from search.engine import Engine
from tests.conftest import own_database
from tests.jobs import mortal
from tests.registers import samples
from tests.search.conftest import in_index
from tests.simulation import askers, ledger, sellers, town, year

CARDS, DAYS, SEED = 150, 33, 7
LATER = dt.timedelta(days=75)
"""After the last day: by then every deadline of those days has passed."""


@dataclass
class Mortals:
    """The program that runs jobs and dies of them."""

    program: subprocess.Popen[str]

    def run(
        self, settings: Settings, job: str, moment: dt.datetime, lives: Sequence[int]
    ) -> list[tuple[int, int]]:
        """Run a job so many times at once; how each ended, and its count of statements and commits."""
        asked = {
            "settings": dataclasses.asdict(settings) | {"home": str(settings.home)},
            "job": job,
            "moment": moment.isoformat(),
            "lives": lives,
        }
        assert self.program.stdin
        assert self.program.stdout
        print(json.dumps(asked), file=self.program.stdin, flush=True)
        return [(status, count) for status, count in json.loads(self.program.stdout.readline())]


@contextlib.contextmanager
def mortals() -> Iterator[Mortals]:
    """The program, for as long as it is needed."""
    arguments = [sys.executable, "-m", mortal.__name__]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(arguments, cwd=ROOT, **pipes) as program:
        yield Mortals(program)
        assert program.stdin
        program.stdin.close()


@dataclass
class Place:
    """A copy of the town, with files and an index of its own."""

    settings: Settings
    mortals: Mortals
    moment: dt.datetime

    def run(self, job: str, *lives: int) -> list[tuple[int, int]]:
        """See :meth:`Mortals.run`; afterwards the database has noticed every death."""
        ends = self.mortals.run(self.settings, job, self.moment, lives)
        with psycopg.connect(_plain(self.settings.database_url)) as connection:
            connection.execute(_LAY_TO_REST)
        return ends

    def content(self, but: Collection[str] = ()) -> dict[str, Any]:
        """All that a job can change: tables, files, and the index."""
        engine = make_engine(self.settings.database_url)
        with engine.connect() as connection:
            found: dict[str, Any] = dict(ledger.digest(connection, without=_NOT_COMPARED, but=but))
            found |= {what: connection.execute(text(sql)).all() for what, sql in _INSTEAD.items()}
        engine.dispose()
        files = (path for path in self.settings.home.rglob("*") if path.is_file())
        found["files"] = sorted(str(path.relative_to(self.settings.home)) for path in files)
        search = Engine(self.settings)
        found["index"] = in_index(search) if schema.exists(search, search.index) else {}
        return found


_LAY_TO_REST = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_NOT_COMPARED = frozenset({"outbox", "job_turns", "job_runs"})
_INSTEAD = {
    "to be indexed": "SELECT DISTINCT asset_id FROM outbox WHERE drained_at IS NULL ORDER BY 1",
    "indexed": "SELECT DISTINCT asset_id FROM outbox WHERE drained_at IS NOT NULL ORDER BY 1",
}
"""What the outbox says, however often it says it."""


@dataclass
class Mould:
    """The town as it was left."""

    settings: Settings
    mortals: Mortals
    moment: dt.datetime
    copies: int = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[Place]:
        """A copy of it."""
        self.copies += 1
        name = f"{self.settings.index_name}_{self.copies}"
        home = self.settings.home.with_name(name)
        shutil.copytree(self.settings.home, home)
        url = own_database(self.settings.database_url, name, template=_name(self.settings.database_url))
        settings = dataclasses.replace(self.settings, database_url=url, home=home, index_name=name)
        try:
            yield Place(settings, self.mortals, self.moment)
        finally:
            schema.drop(Engine(settings), name)
            _drop(url)


@contextlib.contextmanager
def mould(settings: Settings, folder: Path) -> Iterator[Mould]:
    """The town, once made; the copies of it go with it."""
    name = f"{settings.index_name}_mould"
    url = own_database(settings.database_url, name)
    own = dataclasses.replace(settings, database_url=url, index_name=name, home=folder / "mould")
    own.home.mkdir()
    engine = make_engine(url)
    migrate.upgrade(engine)
    place = town.found(own, make_sessions(engine), CARDS, SEED)
    year.live(place, days=DAYS, look_every=DAYS + 1, evenings=False)
    _leave_work(place, own)
    engine.dispose()
    with mortals() as program:
        yield Mould(own, program, place.now + LATER)
    schema.drop(Engine(own), name)
    _drop(url)


def _leave_work(place: town.Town, settings: Settings) -> None:
    """What chance may not have left: an approved sale, a register to read, and things long done with."""
    _approve_sale(place)
    _gather_wishes(place)
    _forget_hand_over(place)
    old = place.now - dt.timedelta(days=3)
    with transaction(place.means.sessions) as session:
        session.execute(text("UPDATE outbox SET drained_at = :old WHERE asset_id % 3 = 0"), {"old": old})
        session.execute(text(_KEPT), {"old": old})
        file = samples.write_csv(settings.home / "register.csv", [samples.SURPLUS, *samples.surplus(60)])
        unit = session.get_one(Unit, place.units[0])
        register_import.begin(session, settings, PLATFORM, place.now, unit, file, file.name, proceed=True)
    orphan = settings.media_dir / key("ab" * 32, next(iter(SIZES)))
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"nobody names it")
    os.utime(orphan, (old.timestamp(), old.timestamp()))


def _gather_wishes(place: town.Town) -> None:
    """Two neighbours ask for the same thing, which is awarded when a window closes."""
    [(asset_id, unit_id)] = place.rows(_SALEABLE)[:1]
    offer = Offer(modes=frozenset({Mode.TRANSFER}), award_rule=AwardRule.WINDOW)
    assert place.attempt("listed", place.officer(unit_id), listings.list_asset, asset_id, offer)
    _ask(place, asset_id, unit_id)


def _ask(place: town.Town, asset_id: int, unit_id: int) -> None:
    for unit in [unit for unit in place.units if unit != unit_id][:2]:
        [who, *_] = place.staffed[Role.STAFF, unit]
        wish = (place.today, asset_id, OrderKind.TRANSFER, 1, unit, Details(reason="新办公室使用"))
        place.attempt("asked", who, askers.submit, *wish)


def _forget_hand_over(place: town.Town) -> None:
    """Two neighbours ask for the same thing; the first is granted it and doesn't fetch it."""
    [(asset_id, unit_id)] = place.rows(_SALEABLE)[:1]
    offer = Offer(modes=frozenset({Mode.TRANSFER}))
    assert place.attempt("listed", place.officer(unit_id), listings.list_asset, asset_id, offer)
    _ask(place, asset_id, unit_id)
    while steps := place.rows(_OPEN_STEPS, asset=asset_id):
        who = place.holder(Role(steps[0].role), steps[0].unit_id)
        decided = place.attempt(
            "agreed", who, decisions.decide, place.today, steps[0].order_id, OrderAction.APPROVE
        )
        assert decided


_OPEN_STEPS = """
    SELECT s.order_id, s.role, s.unit_id FROM order_steps s JOIN order_lines l ON l.order_id = s.order_id
    WHERE s.state = 'open' AND l.asset_id = :asset ORDER BY s.order_id, s.position
"""

_KEPT = """
    INSERT INTO kept_answers (user_id, key, request_digest, created_at)
    SELECT 1, 'key-' || n, '', :old FROM generate_series(1, 5) AS n
"""


def _approve_sale(place: town.Town) -> None:
    first, second = place.managers
    for asset_id, _ in place.rows(_SALEABLE):
        project = place.attempt(
            "project",
            first,
            disposal_preparation.open_project,
            place.today,
            Way.AUCTION,
            "闲置资产处置",
            {asset_id: Why.CHOSEN},
        )
        assert project is not None
        place.attempt("prepared", first, sellers.prove, place.today, project.id, sellers.CENT * 5_000_000)
        place.attempt("submitted", first, disposal_decisions.submit, place.today, project.id)
        assert place.attempt("approved", second, disposal_decisions.approve, place.today, project.id)


_SALEABLE = """
    SELECT id, unit_id FROM assets a WHERE state = 'in_use' AND original_value < 10000
      AND EXISTS (SELECT FROM photos p WHERE p.asset_id = a.id) ORDER BY id DESC LIMIT 2
"""


def _drop(url: str) -> None:
    with psycopg.connect(_plain(url).replace(_name(url), "postgres", 1), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{_name(url)}" WITH (FORCE)')


def _plain(url: str) -> str:
    return url.replace("+psycopg", "", 1)


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]
