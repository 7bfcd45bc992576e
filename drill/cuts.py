"""Ending processes in the middle of long work, and of work that is made to last."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from drill.calls import Visitor
from drill.installation import Installation
from drill.scene import PATIENCE, Scene
from drill.town import MANAGER
from marketplace.config import ROOT
from marketplace.db.assets import Asset
from marketplace.db.auctions import Notice
from marketplace.db.imports import ImportRun, ImportState
from marketplace.db.jobs import JobTurn
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.auctions import AuctionState
from marketplace.domain.permissions import PLATFORM
from marketplace.domain.states import AssetState
from marketplace.engines import process
from marketplace.use_cases import auctions, register_import
from marketplace.use_cases.register_worker import LEASE
from search.engine import Engine, EngineDown, EngineRefused

ROWS = 30_000
HEADERS = ("资产编号", "资产名称", "数量", "原值", "取得日期", "存放地点")
IMPORT_SECONDS = LEASE.total_seconds() + 2 * PATIENCE
"""A killed worker's run is taken over when its lease has ended."""
REBUILD_SECONDS = 4 * PATIENCE


def in_an_import(scene: Scene) -> None:
    """Kill the job process and PostgreSQL while cards are being written."""
    run_id = _begin_import(scene.here, "IMP")
    scene.must("the import did not get going", lambda: 0 < _merged(scene.here, run_id) < ROWS)
    scene.gone("jobs")
    scene.gone("PostgreSQL")
    _must_be_imported(scene, run_id, "IMP")


def ahead_in_an_import(scene: Scene) -> None:
    """A job process whose clock is a year ahead does all it believes to be due, and dies at work."""
    with scene.stopped("jobs"), _ahead(scene.here, days=366) as ahead:
        scene.must("the wrong clock did nothing", lambda: _is_ahead(scene.here))
        run_id = _begin_import(scene.here, "YEAR")
        scene.must("the import did not get going", lambda: _merged(scene.here, run_id) > 0)
        ahead.kill()
    _must_be_imported(scene, run_id, "YEAR")


def in_a_reindex(scene: Scene) -> None:
    """Kill a rebuild of the index, then Meilisearch during another one; a third one has to get through."""
    _rebuild(scene).kill()
    second = _rebuild(scene)
    scene.gone("Meilisearch")
    scene.must("a rebuild hangs", lambda: second.poll() is not None, REBUILD_SECONDS)
    scene.must("Meilisearch did not come back", scene.here.is_ready)
    third = scene.here.spawn("reindex")
    scene.must("the index could not be rebuilt", lambda: third.poll() == 0, REBUILD_SECONDS)


def in_a_publication(scene: Scene) -> None:
    """Cut a publication right before its notice is added, by PostgreSQL's end and by a restart of all."""
    auction_id = scene.town.auctions[0]
    ends: Sequence[Callable[[], None]] = (lambda: scene.gone("PostgreSQL"), lambda: _restart(scene))
    for end in ends:
        with _held_up(scene.here):
            sender = threading.Thread(target=_publish, args=(scene, auction_id))
            sender.start()
            scene.must("the publication did not get going", lambda: _waits(scene.here))
            end()
        scene.must("it did not come back", scene.here.is_ready)
        sender.join(PATIENCE)
        scene.lost += _half_published(scene.here, auction_id)
    # One that was cut may have come to its end before the last process did.
    scene.must(
        "it could not be published",
        lambda: _is_published(scene.here, auction_id) or _publish(scene, auction_id),
    )
    scene.lost += _half_published(scene.here, auction_id)


def _rebuild(scene: Scene) -> subprocess.Popen[bytes]:
    """A rebuild that has begun to fill its new index."""
    rebuild = scene.here.spawn("reindex")
    scene.must("a rebuild did not get going", lambda: _is_aside(scene.here) or rebuild.poll() is not None)
    return rebuild


def _restart(scene: Scene) -> None:
    scene.here.kill()
    scene.here.start()


def _begin_import(here: Installation, prefix: str) -> int:
    """Hand in a register; the job process does the rest."""
    file = here.home / f"{prefix}.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        rows = csv.writer(target)
        rows.writerow(HEADERS)
        rows.writerows(
            (f"{prefix}-{number:06d}", "办公椅", 1, "320.00", "2018-03-04", "主楼") for number in range(ROWS)
        )
    now = dt.datetime.now(dt.UTC)
    with here.sessions() as sessions, transaction(sessions) as session:
        unit = session.scalars(select(Unit).where(Unit.code == "JZ10601")).one()
        run = register_import.begin(
            session, here.settings(), PLATFORM, now, unit, file, file.name, proceed=True
        )
        return run.id


def _merged(here: Installation, run_id: int) -> int:
    with here.sessions() as sessions, sessions() as session:
        return session.scalars(select(ImportRun.merged_rows).where(ImportRun.id == run_id)).one()


def _state(here: Installation, run_id: int) -> ImportState | None:
    try:
        with here.sessions() as sessions, sessions() as session:
            return session.scalars(select(ImportRun.state).where(ImportRun.id == run_id)).one()
    except OperationalError:
        return None


def _must_be_imported(scene: Scene, run_id: int, prefix: str) -> None:
    scene.must(
        "the import was not taken up again",
        lambda: _state(scene.here, run_id) in (ImportState.DONE, ImportState.FAILED),
        IMPORT_SECONDS,
    )
    counted = select(func.count(), func.count(Asset.number.distinct()))
    with scene.here.sessions() as sessions, sessions() as session:
        there, different = session.execute(counted.where(Asset.number.like(f"{prefix}-%"))).one()
    if (there, different) != (ROWS, ROWS):
        scene.lost.append(f"of {ROWS} imported rows {there} are there, {different} of them different")


@contextlib.contextmanager
def _ahead(here: Installation, days: int) -> Iterator[subprocess.Popen[bytes]]:
    """A job process with a wrong clock, until the block ends."""
    with here.log.open("ab") as log:
        started = subprocess.Popen(
            [*here.wrap, sys.executable, "-m", "drill.ahead", str(days)],
            env=here.environment(),
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        process.stop(started)


def _is_ahead(here: Installation) -> bool:
    ahead = select(func.count()).where(JobTurn.done_for > func.now() + dt.timedelta(days=300))
    with here.sessions() as sessions, sessions() as session:
        return bool(session.scalar(ahead))


def _is_aside(here: Installation) -> bool:
    """Whether the new index has begun to be filled."""
    engine = Engine(here.settings())
    try:
        found = engine.call("GET", f"/indexes/{engine.index}_aside/stats")
    except (EngineDown, EngineRefused):
        return False
    return bool(found["numberOfDocuments"] or found["isIndexing"])


@contextlib.contextmanager
def _held_up(here: Installation) -> Iterator[None]:
    """No notice can be added meanwhile: whoever publishes has done all the rest and waits."""
    with here.sessions() as sessions, contextlib.suppress(OperationalError), sessions() as session:
        session.execute(text("LOCK TABLE notices IN SHARE MODE"))
        yield


def _waits(here: Installation) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'notices'::regclass")
    with here.sessions() as sessions, sessions() as session:
        return bool(session.scalar(waiting))


def _publish(scene: Scene, auction_id: int) -> bool:
    """What the manager's button does; whether it said so."""
    visitor = Visitor(scene.crowd.client(), MANAGER)
    page = f"/disposals/auctions/{auction_id}"
    if not visitor.sign_in():
        return False
    answer = visitor.send(page, f"{page}/publish")
    return answer is not None and answer.status == 302


def _is_published(here: Installation, auction_id: int) -> bool:
    with here.sessions() as sessions, sessions() as session:
        return auctions.load(session, PLATFORM, auction_id).state is AuctionState.PUBLISHED


def _half_published(here: Installation, auction_id: int) -> list[str]:
    """All of it happened, or nothing: the auction, its notice and its cards tell the same."""
    with here.sessions() as sessions, sessions() as session:
        auction = auctions.load(session, PLATFORM, auction_id)
        notices = session.scalar(select(func.count()).where(Notice.auction_id == auction_id))
        cards = {item.asset.state for item in auctions.items_of(auction.lots)}
        states = auction.state, notices, cards
    whole = (AuctionState.PUBLISHED, 1, {AssetState.AT_AUCTION})
    nothing = (AuctionState.APPROVED, 0, {AssetState.DISPOSAL})
    return [] if states in (whole, nothing) else [f"an auction is half published: {states}"]
