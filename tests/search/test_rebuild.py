"""A new index is filled aside and swapped in; the live one answers all the while."""

from __future__ import annotations

import queue
import random
import threading
from decimal import Decimal

import orjson
import pytest

from marketplace.config import Settings
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.errors import Conflict
from marketplace.domain.finding import Wish
from search import drift, indexer, rebuild, schema
from search.engine import Engine
from search.finder import MeiliFinder
from tests import factories
from tests.search.conftest import EVERYTHING, in_database, in_index
from tests.search.test_indexer import drain_all, make, remove, rename, waiting


@pytest.fixture
def live(sessions: SessionFactory, index: Engine) -> list[int]:
    """Forty cards in the live index."""
    made = make(sessions, 40)
    drain_all(sessions, index)
    return made


def aside(index: Engine) -> str:
    return f"{index.index}_aside"


def test_the_new_index_has_everything(sessions: SessionFactory, index: Engine, live: list[int]) -> None:
    heard: list[tuple[int, int]] = []
    figures = rebuild.rebuild(sessions, index, batch=15, progress=lambda *at: heard.append(at))
    assert figures == {"documents": 40, "replayed": 0}
    assert heard == [(15, 40), (30, 40), (40, 40)]
    assert in_index(index) == in_database(sessions)
    assert schema.is_current(index, index.index)
    assert not schema.exists(index, aside(index))


def test_what_changes_meanwhile_is_in_it(
    sessions: SessionFactory, index: Engine, live: list[int], own_settings: Settings
) -> None:
    """After each batch cards change on both sides of where the filling has got to."""
    finder = MeiliFinder(own_settings, sessions)
    totals = []

    def meanwhile(done: int, total: int) -> None:
        rename(sessions, [live[2], live[25]], f"茶几{done}")
        remove(sessions, [live[done // 10], live[-done // 10]])
        make(sessions, 2)
        drain_all(sessions, index)
        totals.append((finder.find(Wish(), EVERYTHING).total, len(in_database(sessions))))

    rebuild.rebuild(sessions, index, batch=10, progress=meanwhile)
    assert in_index(index) == in_database(sessions)
    assert all(found == there for found, there in totals)
    assert len(totals) == 4


def test_writers_drainer_and_searches_go_on(
    sessions: SessionFactory, index: Engine, live: list[int], own_settings: Settings
) -> None:
    finder, done = MeiliFinder(own_settings, sessions), threading.Event()
    changes: queue.Queue[bool] = queue.Queue()
    found: list[int] = []

    def write() -> None:
        for n in range(30):
            rename(sessions, [live[n % 40], live[(n * 7) % 40]], f"书柜{n}")
            changes.put(True)
        changes.put(False)

    def drain() -> None:
        while changes.get():
            indexer.drain_outbox(sessions, index, batch=9)

    def search() -> None:
        while not done.is_set():
            answer = finder.find(Wish(facets=False), EVERYTHING)
            found.append(-1 if answer.degraded else answer.total)

    threads = [threading.Thread(target=work) for work in (write, drain, search)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        rebuild.rebuild(sessions, index, batch=10)
    done.set()
    for thread in threads:
        thread.join()
    drain_all(sessions, index)
    assert in_index(index) == in_database(sessions)
    assert set(found) == {40}


class Stopped(Exception):
    pass


def test_a_rebuild_that_ends_early_changes_nothing(
    sessions: SessionFactory, index: Engine, live: list[int]
) -> None:
    before = in_index(index)

    def stop(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        rebuild.rebuild(sessions, index, batch=10, progress=stop)
    assert in_index(index) == before
    assert schema.exists(index, aside(index))
    rebuild.rebuild(sessions, index)
    assert in_index(index) == in_database(sessions)
    assert not schema.exists(index, aside(index))


def test_one_rebuild_at_a_time(sessions: SessionFactory, index: Engine, live: list[int]) -> None:
    def again(done: int, total: int) -> None:
        with pytest.raises(Conflict):
            rebuild.rebuild(sessions, index)

    assert rebuild.rebuild(sessions, index, progress=again)["documents"] == 40


def test_a_first_start_makes_the_index(sessions: SessionFactory, index: Engine) -> None:
    make(sessions, 3)
    drain_all(sessions, index)
    schema.drop(index, index.index)
    rebuild.ensure_index(sessions, index)
    assert schema.is_current(index, index.index)
    drain_all(sessions, index)
    assert in_index(index) == in_database(sessions)


def test_an_index_as_it_should_be_is_left_alone(
    sessions: SessionFactory, index: Engine, live: list[int]
) -> None:
    assert not rebuild.needs_rebuild(index)
    rebuild.ensure_index(sessions, index)
    assert waiting(sessions) == 0


def test_an_index_of_an_older_release_is_refitted(
    sessions: SessionFactory, index: Engine, live: list[int], own_settings: Settings
) -> None:
    older = {"sortableAttributes": ["id"], "typoTolerance": {"enabled": False}}
    index.wait(index.call("PATCH", f"/indexes/{index.index}/settings", older))
    assert rebuild.needs_rebuild(index)
    # What the old settings can't answer, the database does.
    assert MeiliFinder(own_settings, sessions).find(Wish(), EVERYTHING).degraded
    rebuild.ensure_index(sessions, index)
    rebuild.ensure_index(sessions, index)
    assert waiting(sessions) == 40
    drain_all(sessions, index)
    assert not rebuild.needs_rebuild(index)
    assert not MeiliFinder(own_settings, sessions).find(Wish(), EVERYTHING).degraded


def test_documents_of_an_older_shape_are_written_anew(
    sessions: SessionFactory, index: Engine, live: list[int]
) -> None:
    old = b'{"id": %d, "hash": "0.00", "name": "?"}' % live[0]
    index.wait(index.put_documents(index.index, [old]))
    assert rebuild.needs_rebuild(index)
    rebuild.ensure_index(sessions, index)
    drain_all(sessions, index)
    assert not rebuild.needs_rebuild(index)
    assert in_index(index) == in_database(sessions)


def test_drift_is_found_and_mended(sessions: SessionFactory, index: Engine, live: list[int]) -> None:
    index.wait(index.delete_documents(index.index, live[5:8]))
    wrong = [b'{"id": %d, "hash": "1.00", "name": "?"}' % asset for asset in (*live[9:11], 10**9)]
    index.wait(index.put_documents(index.index, wrong))
    expected = {"compared": 41, "missing": 3, "changed": 2, "orphaned": 1}
    assert drift.repair(sessions, index, dry_run=True, batch=7) == expected
    assert waiting(sessions) == 0
    assert drift.repair(sessions, index, batch=7) == expected
    assert waiting(sessions) == 6
    drain_all(sessions, index)
    assert in_index(index) == in_database(sessions)
    assert drift.repair(sessions, index) == {"compared": 40, "missing": 0, "changed": 0, "orphaned": 0}


def test_a_document_that_was_altered_or_is_not_ours_is_drift_whatever_hash_it_carries(
    sessions: SessionFactory, index: Engine, live: list[int]
) -> None:
    kept = in_index(index)
    altered = [
        {"id": live[3]} | kept[live[3]] | {"name": "别的"},
        {"id": live[4]} | kept[live[4]] | {"card": "{}"},
        {"id": live[5]} | kept[live[5]] | {"own": 1},
        {"id": live[6]} | kept[live[6]] | {"hash": "0.00"},
        {"id": live[7]},
        {"id": 10**9},
        {"id": 0, "name": "?"},
    ]
    index.wait(index.put_documents(index.index, map(orjson.dumps, altered)))
    expected = {"compared": 42, "missing": 0, "changed": 5, "orphaned": 2}
    assert drift.repair(sessions, index, dry_run=True, batch=7) == expected
    assert drift.repair(sessions, index) == expected
    drain_all(sessions, index)
    assert in_index(index) == in_database(sessions)


def test_numbers_of_many_digits_are_no_drift(sessions: SessionFactory, index: Engine) -> None:
    chance = random.Random(1)
    with transaction(sessions) as session:
        for _ in range(60):
            place = {"latitude": chance.uniform(-90, 90), "longitude": chance.uniform(-180, 180)}
            value = Decimal(chance.randrange(10**18)) / 100
            factories.asset(session, factories.unit(session, **place), original_value=value)
    drift.repair(sessions, index)
    drain_all(sessions, index)
    assert drift.repair(sessions, index) == {"compared": 60, "missing": 0, "changed": 0, "orphaned": 0}


def test_a_repair_makes_a_lost_index_again(sessions: SessionFactory, index: Engine, live: list[int]) -> None:
    schema.drop(index, index.index)
    drift.repair(sessions, index)
    drain_all(sessions, index)
    assert in_index(index) == in_database(sessions)


def test_an_index_without_a_document_answers_every_search(
    sessions: SessionFactory, index: Engine, own_settings: Settings
) -> None:
    schema.drop(index, index.index)
    rebuild.ensure_index(sessions, index)
    finder = MeiliFinder(own_settings, sessions)
    for wish in (Wish(), Wish(q="打印机"), Wish(q="打印机 zzz", conditions=("good",))):
        found = finder.find(wish, EVERYTHING)
        assert (found.total, found.items, found.degraded) == (0, [], False)
    assert in_index(index) == {}
    rebuild.rebuild(sessions, index)
    assert not finder.find(Wish(q="打印机"), EVERYTHING).degraded
