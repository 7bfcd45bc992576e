"""Several search nodes: each follows the database by itself, and none is asked for what it lacks."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import random
import signal
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, update

from marketplace.config import Settings
from marketplace.db import search_nodes
from marketplace.db.outbox import OutboxRow
from marketplace.db.search_nodes import SearchNode, Standing
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.finding import Wish
from marketplace.engines.meilisearch import Meilisearch
from marketplace.engines.process import wait_until
from search import choice, indexer, schema
from search.choice import LAG_SECONDS, PAUSE_SECONDS
from search.engine import Engine, EngineDown
from search.finder import MeiliFinder
from search.nodes import Nodes
from tests.conftest import NOW
from tests.search.conftest import EVERYTHING, in_database, in_index
from tests.search.test_indexer import drain_all, make, remove, rename, waiting


@pytest.fixture(scope="module")
def second(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meilisearch]:
    """Another search engine beside the shared one, with the same key."""
    home = tmp_path_factory.mktemp("second")
    (home / "run").mkdir()
    (home / "meili_key").write_text(settings.meili_key)
    server = Meilisearch(home)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def two(own_settings: Settings, index: Engine, second: Meilisearch) -> Settings:
    """Settings with both; the first has an empty index, the other has none."""
    if not second.alive():
        second.start()
    schema.drop(Engine(dataclasses.replace(own_settings, meili_url=second.url)), own_settings.index_name)
    return dataclasses.replace(own_settings, meili_url=f"{own_settings.meili_url}, {second.url}/")


def fed(nodes: Nodes, sessions: SessionFactory) -> None:
    """Let the nodes be fed until nothing waits."""
    while True:
        nodes.drain(sessions)
        nodes.settle()
        if not waiting(sessions):
            return


def is_equal(nodes: Nodes, sessions: SessionFactory) -> bool:
    wanted = in_database(sessions)
    return all(in_index(engine) == wanted for engine in nodes.engines)


def end(server: Meilisearch) -> None:
    assert server.child is not None
    server.child.kill()
    server.child.wait()


@contextlib.contextmanager
def stopped(server: Meilisearch) -> Iterator[None]:
    """It takes requests and answers none."""
    assert server.child is not None
    os.kill(server.child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.child.pid, signal.SIGCONT)


def complete(sessions: SessionFactory) -> dict[str, bool]:
    with sessions() as session:
        return {node.name: node.complete for node in search_nodes.standings(session)}


def test_a_second_node_is_filled_and_both_follow(
    sessions: SessionFactory, two: Settings, index: Engine
) -> None:
    made = make(sessions, 5)
    drain_all(sessions, index)
    finder, nodes = MeiliFinder(two, sessions), Nodes(two)
    nodes.ensure(sessions)
    assert complete(sessions) == {nodes.names[0]: True, nodes.names[1]: False}
    # As long as the second is not full, only the first is asked.
    assert [finder.find(Wish(), EVERYTHING).total for _ in range(4)] == [5] * 4
    fed(nodes, sessions)
    assert set(complete(sessions).values()) == {True}
    rename(sessions, made[:2], "茶几")
    remove(sessions, made[4:])
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)
    assert [MeiliFinder(two, sessions).find(Wish(), EVERYTHING).total for _ in range(4)] == [4] * 4


def test_a_process_that_knows_only_one_of_two_starves_neither(
    sessions: SessionFactory, two: Settings, own_settings: Settings
) -> None:
    nodes, older = Nodes(two), Nodes(own_settings)
    fed(nodes, sessions)
    make(sessions, 3)
    older.drain(sessions)
    older.settle()
    assert waiting(sessions) == 3
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)


def test_a_node_that_is_away_holds_up_nobody_and_catches_up(
    sessions: SessionFactory, two: Settings, second: Meilisearch
) -> None:
    nodes, now = Nodes(two), [0.0]
    finder = MeiliFinder(two, sessions, clock=lambda: now[0])
    made = make(sessions, 6)
    fed(nodes, sessions)
    finder.find(Wish(), EVERYTHING)
    end(second)
    rename(sessions, made[:3], "茶几")
    nodes.drain(sessions)
    nodes.settle()
    assert in_index(nodes.engines[0]) == in_database(sessions)
    assert waiting(sessions) == 3
    for _ in range(4):
        found = finder.find(Wish(q="茶几"), EVERYTHING)
        assert (found.total, found.degraded) == (3, False)
    assert list(finder.nodes().values()) == [True, False]
    remove(sessions, made[5:])
    second.start()
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)


def test_a_node_that_hangs_holds_up_nobody(
    sessions: SessionFactory, two: Settings, second: Meilisearch
) -> None:
    nodes = Nodes(two)
    fed(nodes, sessions)
    with stopped(second):
        for size in (2, 3):
            make(sessions, size)
            nodes.drain(sessions)
            assert wait_until(lambda: in_index(nodes.engines[0]) == in_database(sessions), seconds=30)
        assert wait_until(lambda: waiting(sessions) == 5, seconds=30)
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)


def test_without_any_node_the_database_answers_and_the_job_fails(
    sessions: SessionFactory, two: Settings, second: Meilisearch
) -> None:
    gone = dataclasses.replace(two, meili_url=f"http://127.0.0.1:9,{second.url}")
    nodes = Nodes(gone)
    end(second)
    make(sessions, 2)
    with pytest.raises(EngineDown):
        nodes.drain(sessions)
    assert waiting(sessions) == 4
    found = MeiliFinder(gone, sessions).find(Wish(), EVERYTHING)
    assert (found.total, found.degraded) == (2, True)


def test_a_node_that_was_away_for_long_is_tried_when_there_is_no_other(
    sessions: SessionFactory, two: Settings, second: Meilisearch
) -> None:
    make(sessions, 2)
    fed(Nodes(two), sessions)
    only = dataclasses.replace(two, meili_url=f"{second.url} http://127.0.0.1:9")
    now = [0.0]
    finder = MeiliFinder(only, sessions, clock=lambda: now[0])
    with transaction(sessions) as session:
        search_nodes.see(session, Nodes(only).names, Nodes(only).names)

    def is_degraded(at: float) -> bool:
        now[0] = at
        return finder.find(Wish(), EVERYTHING).degraded

    assert not is_degraded(0)
    end(second)
    assert [is_degraded(at) for at in (1, 3, 7)] == [True] * 3
    second.start()
    assert is_degraded(8)
    assert not is_degraded(7 + PAUSE_SECONDS)


def test_a_node_that_comes_back_empty_is_not_asked_before_it_is_full(
    sessions: SessionFactory, two: Settings
) -> None:
    nodes, finder = Nodes(two), MeiliFinder(two, sessions)
    made = make(sessions, 4)
    fed(nodes, sessions)
    finder.find(Wish(), EVERYTHING)
    schema.drop(nodes.engines[1], two.index_name)
    for _ in range(4):
        assert finder.find(Wish(), EVERYTHING).total == 4
    rename(sessions, made[:1], "茶几")
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)


def test_a_node_of_an_older_release_is_refitted(sessions: SessionFactory, two: Settings) -> None:
    make(sessions, 3)
    fed(Nodes(two), sessions)
    nodes = Nodes(two)
    behind = nodes.engines[1]
    older = {"sortableAttributes": ["id"]}
    behind.wait(behind.call("PATCH", f"/indexes/{behind.index}/settings", older))
    for _ in range(4):
        assert not MeiliFinder(two, sessions).find(Wish(), EVERYTHING).degraded
    fed(nodes, sessions)
    assert schema.is_current(behind, behind.index)
    assert is_equal(nodes, sessions)


def test_drift_is_mended_where_it_is(sessions: SessionFactory, two: Settings) -> None:
    nodes = Nodes(two)
    made = make(sessions, 5)
    fed(nodes, sessions)
    behind = nodes.engines[1]
    behind.wait(behind.delete_documents(behind.index, made[:2]))
    figures = {"compared": 10, "missing": 2, "changed": 0, "orphaned": 0}
    assert nodes.repair(sessions, dry_run=True) == figures
    assert nodes.repair(sessions) == figures
    with sessions() as session:
        noted = session.scalars(select(OutboxRow.node).where(OutboxRow.drained_at.is_(None))).all()
    assert noted == [behind.name] * 2
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)


def test_a_rebuild_is_of_every_node_and_of_an_absent_one_later(
    sessions: SessionFactory, two: Settings, second: Meilisearch
) -> None:
    nodes = Nodes(two)
    make(sessions, 3)
    fed(nodes, sessions)
    assert nodes.rebuild(sessions) == {"documents": 6, "replayed": 0}
    end(second)
    assert nodes.rebuild(sessions)["documents"] == 3
    assert complete(sessions) == {nodes.names[0]: True, nodes.names[1]: False}
    assert not MeiliFinder(two, sessions).find(Wish(), EVERYTHING).degraded
    second.start()
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)


def test_what_waits_too_long_is_given_up_and_the_node_filled_anew(
    sessions: SessionFactory, two: Settings, second: Meilisearch
) -> None:
    nodes = Nodes(two)
    make(sessions, 2)
    fed(nodes, sessions)
    end(second)
    make(sessions, 3)
    nodes.drain(sessions)
    nodes.settle()
    with transaction(sessions) as session:
        session.execute(update(OutboxRow).values(created_at=NOW - indexer.KEPT - dt.timedelta(minutes=1)))
        session.execute(update(SearchNode).values(seen_at=NOW))
    make(sessions, 1)
    nodes.drain(sessions)
    nodes.settle()
    nodes.purge(sessions, NOW)
    assert waiting(sessions) == 1
    assert complete(sessions) == {nodes.names[0]: True, nodes.names[1]: False}
    second.start()
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)


def test_a_node_that_nobody_names_any_more_is_forgotten(
    sessions: SessionFactory, two: Settings, own_settings: Settings
) -> None:
    nodes, left = Nodes(two), Nodes(own_settings)
    fed(nodes, sessions)
    make(sessions, 2)
    left.drain(sessions)
    left.settle()
    assert waiting(sessions) == 2
    with transaction(sessions) as session:
        session.execute(update(SearchNode).values(seen_at=NOW - indexer.KEPT - dt.timedelta(minutes=1)))
    left.purge(sessions, NOW)
    assert complete(sessions) == {left.names[0]: True}
    assert waiting(sessions) == 0
    make(sessions, 1)
    assert left.drain(sessions)["rows"] == 1
    with sessions() as session:
        assert (
            session.scalar(select(func.count()).where(OutboxRow.node != "", OutboxRow.drained_at.is_(None)))
            == 0
        )
    assert is_equal(left, sessions)


def test_two_job_processes_and_writers_while_a_node_dies_and_returns(
    sessions: SessionFactory, two: Settings, second: Meilisearch
) -> None:
    made = make(sessions, 30)
    fed(Nodes(two), sessions)
    writing = threading.Event()

    def drain() -> None:
        nodes = Nodes(two)
        while not writing.is_set():
            nodes.drain(sessions)
        nodes.settle()

    drainers = [threading.Thread(target=drain) for _ in range(2)]
    for thread in drainers:
        thread.start()
    chance = random.Random(7)
    for n in range(60):
        rename(sessions, chance.sample(made, 3), f"写{n}")
        if n == 20:
            end(second)
        if n == 40:
            second.start()
    writing.set()
    for thread in drainers:
        thread.join()
    nodes = Nodes(two)
    fed(nodes, sessions)
    assert is_equal(nodes, sessions)


@pytest.mark.parametrize(
    ("standings", "fit"),
    [
        ([], {"a"}),
        ([("a", True, 0.0), ("b", True, LAG_SECONDS)], {"a", "b"}),
        ([("a", True, 0.0), ("b", True, LAG_SECONDS + 1)], {"a"}),
        ([("a", True, 60.0), ("b", True, 61.0)], {"a", "b"}),
        ([("a", False, 0.0), ("b", True, 60.0)], {"b"}),
        ([("a", False, 0.0), ("b", False, 0.0)], set()),
    ],
)
def test_only_nodes_that_lack_nothing_are_asked(
    standings: list[tuple[str, bool, float]], fit: set[str]
) -> None:
    assert choice.fit([Standing(*node) for node in standings], "a") == fit
