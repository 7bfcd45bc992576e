"""The index follows the database, whoever is killed on the way."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import queue
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
import pytest
from sqlalchemy import delete, func, select, update

from marketplace.config import ROOT, Settings
from marketplace.db.assets import Asset, Listing
from marketplace.db.outbox import OutboxRow, reindex_soon
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.finding import PAGE_LIMIT, Wish
from marketplace.engines.meilisearch import Meilisearch
from search import indexer, schema
from search.choice import PAUSE_SECONDS
from search.engine import Engine, EngineDown, Json
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.search import drainer_that_dies
from tests.search.conftest import EVERYTHING, in_database, in_index, names


def make(sessions: SessionFactory, count: int) -> list[int]:
    """Listed cards, noted for the index."""
    with transaction(sessions) as session:
        holder = factories.unit(session)
        made = [factories.listed(session, holder, f"办公桌{n}").id for n in range(count)]
        reindex_soon(session, made)
    return made


def rename(sessions: SessionFactory, assets: Iterable[int], name: str) -> None:
    with transaction(sessions) as session:
        session.execute(update(Asset).where(Asset.id.in_(assets)).values(name=name))
        reindex_soon(session, assets)


def remove(sessions: SessionFactory, assets: Iterable[int]) -> None:
    with transaction(sessions) as session:
        session.execute(delete(Asset).where(Asset.id.in_(assets)))
        reindex_soon(session, assets)


def waiting(sessions: SessionFactory) -> int:
    with sessions() as session:
        query = select(func.count()).select_from(OutboxRow).where(OutboxRow.drained_at.is_(None))
        return session.scalar(query) or 0


def drain_all(sessions: SessionFactory, engine: Engine) -> None:
    while indexer.drain_outbox(sessions, engine)["rows"]:
        pass


def test_changes_reach_the_index_once_each(sessions: SessionFactory, index: Engine) -> None:
    first, second, third = make(sessions, 3)
    rename(sessions, [first], "会议桌")
    rename(sessions, [first, third], "茶几")
    remove(sessions, [second])
    figures = indexer.drain_outbox(sessions, index)
    assert figures == {"rows": 7, "written": 2, "deleted": 1}
    assert in_index(index) == in_database(sessions)
    assert indexer.drain_outbox(sessions, index)["rows"] == 0


def test_a_batch_leaves_the_rest_waiting(sessions: SessionFactory, index: Engine) -> None:
    made = make(sessions, 5)
    assert indexer.drain_outbox(sessions, index, batch=2)["written"] == 2
    assert sorted(in_index(index)) == made[:2]
    assert waiting(sessions) == 3


def test_a_missing_index_is_made_and_filled_with_everything(sessions: SessionFactory, index: Engine) -> None:
    made = make(sessions, 3)
    drain_all(sessions, index)
    schema.drop(index, index.index)
    rename(sessions, made[:1], "茶几")
    drain_all(sessions, index)
    assert in_index(index) == in_database(sessions)
    assert schema.is_current(index, index.index)


def test_whoever_dies_over_a_new_index_has_noted_all_that_it_lacks(
    sessions: SessionFactory, index: Engine, own_settings: Settings
) -> None:
    made = make(sessions, 3)
    drain_all(sessions, index)
    schema.drop(index, index.index)
    rename(sessions, made[:1], "茶几")

    class Away(Engine):
        def put_documents(self, index: str, lines: Iterable[bytes]) -> Json:
            sent = list(lines)
            if any(orjson.loads(line)["id"] in made for line in sent):
                raise EngineDown
            return super().put_documents(index, sent)

    with pytest.raises(EngineDown):
        indexer.drain_outbox(sessions, Away(own_settings))
    drain_all(sessions, index)
    assert in_index(index) == in_database(sessions)


def test_only_one_drainer_writes(sessions: SessionFactory, index: Engine) -> None:
    make(sessions, 1)
    with sessions() as other:
        assert indexer.lock(other, indexer.DRAIN_LOCK, index.name)
        assert indexer.drain_outbox(sessions, index)["rows"] == 0
    assert indexer.drain_outbox(sessions, index)["rows"] == 1


@pytest.mark.parametrize("moment", drainer_that_dies.MOMENTS)
def test_a_killed_drainer_loses_nothing(
    sessions: SessionFactory, index: Engine, own_settings: Settings, moment: str
) -> None:
    made = make(sessions, 20)
    rename(sessions, made[:5], "茶几")
    done = subprocess.run(
        [
            *(sys.executable, "-m", drainer_that_dies.__name__),
            *(own_settings.database_url, own_settings.meili_url, index.index, moment),
        ],
        cwd=ROOT,
        env=os.environ | {"MEILI_KEY": own_settings.meili_key},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert waiting(sessions) == 25
    rename(sessions, made[3:8], "会议桌")
    remove(sessions, made[10:12])
    drain_all(sessions, index)
    assert in_index(index) == in_database(sessions)


def test_two_drainers_and_two_writers(sessions: SessionFactory, index: Engine) -> None:
    made = make(sessions, 30)
    changes: queue.Queue[bool] = queue.Queue()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for n in range(30):
            assets = chance.sample(made, 3)
            if chance.random() < 0.1:
                remove(sessions, assets[:1])
            else:
                rename(sessions, assets, f"写{seed}-{n}")
            changes.put(True)

    def drain() -> None:
        while changes.get():
            indexer.drain_outbox(sessions, index, batch=25)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    drainers = [threading.Thread(target=drain) for _ in range(2)]
    for thread in writers + drainers:
        thread.start()
    for thread in writers:
        thread.join()
    for _ in drainers:
        changes.put(False)
    for thread in drainers:
        thread.join()
    drain_all(sessions, index)
    assert waiting(sessions) == 0
    assert in_index(index) == in_database(sessions)


class Striking(Engine):
    """Kills the search engine at a given moment of a write."""

    def __init__(self, settings: Settings, server: Meilisearch, *, accepted: bool) -> None:
        super().__init__(settings)
        self.server = server
        self.accepted = accepted

    def put_documents(self, index: str, lines: Iterable[bytes]) -> Json:
        if self.accepted:
            task = super().put_documents(index, lines)
            self.strike()
            return task
        self.strike()
        return super().put_documents(index, lines)

    def strike(self) -> None:
        assert self.server.child is not None
        self.server.child.kill()
        self.server.child.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meilisearch]:
    """A search engine of this module's own, to be killed."""
    home = tmp_path_factory.mktemp("own")
    (home / "run").mkdir()
    server = Meilisearch(home)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("accepted", [False, True])
def test_killing_the_engine_during_writes_loses_nothing(
    sessions: SessionFactory, own_settings: Settings, server: Meilisearch, accepted: bool
) -> None:
    settings = dataclasses.replace(own_settings, meili_url=server.url, meili_key=server.key)
    made = make(sessions, 200)
    drain_all(sessions, Engine(settings))
    now = [0.0]
    finder = MeiliFinder(settings, sessions, clock=lambda: now[0])
    assert not finder.find(Wish(), EVERYTHING).degraded

    rename(sessions, made[:50], "茶几")
    with pytest.raises(EngineDown):
        indexer.drain_outbox(sessions, Striking(settings, server, accepted=accepted))
    assert waiting(sessions) == 50
    rename(sessions, made[40:60], "会议桌")
    remove(sessions, made[100:110])

    assert not any(finder.nodes().values())
    found = finder.find(Wish(q="会议桌", limit=30), EVERYTHING)
    assert (found.degraded, found.total, names(found)) == (True, 20, {"会议桌"})
    assert finder.suggest("会议", EVERYTHING) == ["会议桌"]

    server.start()
    # Left alone for a while, then tried again.
    assert finder.find(Wish(), EVERYTHING).degraded
    now[0] += PAUSE_SECONDS
    assert not finder.find(Wish(), EVERYTHING).degraded
    drain_all(sessions, Engine(settings))
    assert in_index(Engine(settings)) == in_database(sessions)
    schema.drop(Engine(settings), own_settings.index_name)


def test_nothing_is_lost_while_the_engine_is_away(
    sessions: SessionFactory, own_settings: Settings, index: Engine, tmp_path: Path
) -> None:
    made = make(sessions, 2)
    nowhere = Engine(dataclasses.replace(own_settings, meili_url="http://127.0.0.1:9"))
    for _ in range(2):
        with pytest.raises(EngineDown):
            indexer.drain_outbox(sessions, nowhere)
    assert waiting(sessions) == 2
    drain_all(sessions, index)
    assert sorted(in_index(index)) == made


def test_old_drained_rows_are_forgotten(sessions: SessionFactory, index: Engine) -> None:
    first, second, _ = make(sessions, 3)
    drain_all(sessions, index)
    rename(sessions, [first], "茶几")
    with transaction(sessions) as session:
        drained = update(OutboxRow).where(OutboxRow.drained_at.is_not(None))
        session.execute(drained.values(drained_at=NOW))
        of_second = OutboxRow.asset_id == second
        session.execute(drained.where(of_second).values(drained_at=NOW - dt.timedelta(hours=1)))
    later = NOW + indexer.KEPT - dt.timedelta(minutes=1)
    with sessions() as rebuild:
        indexer.lock(rebuild, indexer.REBUILD_LOCK)
        assert indexer.purge(sessions, later) == 0
    assert indexer.purge(sessions, later) == 1
    assert indexer.purge(sessions, later + dt.timedelta(hours=1)) == 2
    assert waiting(sessions) == 1


@pytest.mark.parametrize("q", ["", "办公桌", "办公桌 qqqqq"])
def test_ids_of_all_that_is_found(
    sessions: SessionFactory, index: Engine, own_settings: Settings, q: str
) -> None:
    made = make(sessions, PAGE_LIMIT * 2 + 1)
    drain_all(sessions, index)
    pieces = MeiliFinder(own_settings, sessions).ids(Wish(q=q, limit=1), EVERYTHING)
    assert sorted(asset_id for piece in pieces for asset_id in piece) == made


def test_a_withdrawn_listing_leaves_the_result(
    sessions: SessionFactory, index: Engine, own_settings: Settings
) -> None:
    [made] = make(sessions, 1)
    drain_all(sessions, index)
    with transaction(sessions) as session:
        session.execute(update(Listing).values(ended_at=NOW))
        reindex_soon(session, [made])
    drain_all(sessions, index)
    everyone = MeiliFinder(own_settings, sessions)
    assert everyone.find(Wish(), EVERYTHING).total == 0
    assert everyone.find(Wish(listed=False), EVERYTHING).total == 1
