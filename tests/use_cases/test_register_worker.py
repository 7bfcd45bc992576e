"""Runs survive what happens to workers: kills, stops, rivals, a crashed database."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.imports import ImportRow, ImportRun, ImportState
from marketplace.db.outbox import OutboxRow
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.errors import Conflict
from marketplace.engines import process
from marketplace.use_cases import register_import, register_merge, register_worker
from marketplace.use_cases.register_preview import preview
from marketplace.use_cases.register_worker import LEASE
from tests import factories
from tests.conftest import NOW
from tests.registers import samples
from tests.use_cases.importing import Desk, make_desk

ROWS = 1_000
STEP = 100
"""Rows per batch and chunk in these tests, so that there are many of them."""


@pytest.fixture
def desk(
    sessions: SessionFactory, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setattr(register_worker, "BATCH", STEP)
    monkeypatch.setattr(register_merge, "CHUNK", STEP)
    return make_desk(sessions, settings, tmp_path)


@pytest.fixture
def run_id(desk: Desk) -> int:
    """A run that waits for a worker: twins, zero values and no numbers."""
    return desk.begin(desk.file([samples.SURPLUS, *samples.surplus(ROWS)]), proceed=True)


def check_complete(desk: Desk, run_id: int) -> None:
    """Every row has become one card, noted and counted once."""
    report = desk.report(run_id)
    assert report.state is ImportState.DONE
    assert (report.total, report.created, report.merged) == (ROWS, ROWS, ROWS)
    assert (report.updated, report.unchanged, report.refused) == (0, 0, 0)
    assert desk.count(Asset) == desk.count(OutboxRow) == ROWS
    with desk.sessions() as session:
        entries = session.scalars(select(AuditEntry.after).where(AuditEntry.action == "asset.import")).all()
    assert [entry and entry["created"] for entry in entries] == [STEP] * (ROWS // STEP)
    assert desk.count(ImportRow) == 0


def test_progress_is_told_after_every_step(desk: Desk, run_id: int) -> None:
    told: list[tuple[int, int | None]] = []
    desk.advance(run_id, on_progress=lambda done, total: told.append((done, total)))
    check_complete(desk, run_id)
    steps = [done for done, _ in told]
    assert steps == sorted(steps)
    assert steps[-1] == 2 * ROWS
    assert told[-1] == (2 * ROWS, 2 * ROWS)
    assert len(set(steps)) > 2 * ROWS // STEP


def test_time_is_counted_while_working(desk: Desk, run_id: int) -> None:
    def tick(done: int, total: int | None) -> None:
        desk.clock.now += dt.timedelta(seconds=1)

    report = desk.advance(run_id, on_progress=tick)
    assert report.seconds > 2 * ROWS / STEP
    assert report.rows_per_second == round(ROWS / report.seconds, 1)


WORKER = """
import datetime as dt, os, signal, sys
from pathlib import Path
from marketplace.config import Settings
from marketplace.db.session import make_engine, make_sessions
from marketplace.use_cases import register_merge, register_worker

url, home, run_id, last, step, now = sys.argv[1:]
register_worker.BATCH = register_merge.CHUNK = int(step)

def die(done, total):
    if done >= int(last):
        os.kill(os.getpid(), signal.SIGKILL)

clock = lambda: dt.datetime.fromisoformat(now)
sessions = make_sessions(make_engine(url))
register_worker.advance(sessions, Settings(home=Path(home)), int(run_id), clock, on_progress=die)
"""


def test_killed_workers_are_replaced_and_nothing_is_lost_or_doubled(
    desk: Desk, run_id: int, root: Path
) -> None:
    for last in (3 * STEP, ROWS + STEP, ROWS + 4 * STEP):
        arguments = [desk.settings.database_url, str(desk.settings.home), str(run_id), str(last), str(STEP)]
        worker = subprocess.run(
            [sys.executable, "-c", WORKER, *arguments, desk.clock.now.isoformat()], check=False, cwd=root
        )
        assert worker.returncode == -signal.SIGKILL
        assert desk.report(run_id).progress[0] >= last
        assert not register_worker.advance(desk.sessions, desk.settings, run_id, desk.clock)
        assert register_worker.waiting(desk.sessions, desk.clock()) == 0
        desk.clock.now += LEASE
        assert register_worker.waiting(desk.sessions, desk.clock()) == 1
    desk.advance(run_id)
    check_complete(desk, run_id)


@pytest.mark.parametrize("after", [2 * STEP, ROWS + 2 * STEP])
def test_a_stopped_run_stays_where_it_is_and_goes_on_from_there(desk: Desk, run_id: int, after: int) -> None:
    def press_stop(done: int, total: int | None) -> None:
        if done == after and not stopped:
            stopped.append(done)
            with transaction(desk.sessions) as session:
                register_import.stop(session, desk.actor, NOW, run_id)

    stopped: list[int] = []
    report = desk.advance(run_id, on_progress=press_stop)
    assert (report.state, report.progress[0]) == (ImportState.STOPPED, after)
    assert desk.count(Asset) == max(0, after - ROWS)
    assert not register_worker.advance(desk.sessions, desk.settings, run_id, desk.clock)
    with transaction(desk.sessions) as session:
        register_import.resume(session, desk.actor, NOW, run_id)
    with transaction(desk.sessions) as session, pytest.raises(Conflict, match="没有停止"):
        register_import.resume(session, desk.actor, NOW, run_id)
    report = desk.advance(run_id)
    assert (report.state, report.created, desk.count(Asset)) == (ImportState.DONE, ROWS, ROWS)
    with transaction(desk.sessions) as session, pytest.raises(Conflict, match="已经结束"):
        register_import.stop(session, desk.actor, NOW, run_id)


def test_a_run_that_nobody_works_on_stops_at_once(desk: Desk, run_id: int) -> None:
    with transaction(desk.sessions) as session:
        assert register_import.stop(session, desk.actor, NOW, run_id).state is ImportState.STOPPED
    with transaction(desk.sessions) as session:
        assert register_import.resume(session, desk.actor, NOW, run_id).state is ImportState.STAGING


def test_a_worker_that_is_asked_to_end_gives_the_run_back(desk: Desk, run_id: int) -> None:
    turns = iter([True] * 7)
    report = desk.advance(run_id, keep_going=lambda: next(turns, False))
    assert report.state is ImportState.STAGING
    assert report.staged > 0
    assert register_worker.advance_all(desk.sessions, desk.settings, desk.clock) == 1
    check_complete(desk, run_id)


@pytest.mark.parametrize("after", [2 * STEP, ROWS + 2 * STEP])
def test_a_worker_that_lost_its_run_writes_nothing_more(desk: Desk, run_id: int, after: int) -> None:
    def stall(done: int, total: int | None) -> None:
        if done == after and not rivals:
            desk.clock.now += LEASE
            rivals.append(desk.advance(run_id).state)

    rivals: list[ImportState] = []
    desk.advance(run_id, on_progress=stall)
    assert rivals == [ImportState.DONE]
    check_complete(desk, run_id)


def test_two_workers_share_the_runs_and_never_one(desk: Desk, run_id: int) -> None:
    other = desk.begin(
        desk.file([samples.SURPLUS, *samples.surplus(ROWS, seed=8)], "other.csv"), proceed=True
    )
    workers = [
        threading.Thread(target=register_worker.advance_all, args=(desk.sessions, desk.settings, desk.clock))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    reports = [desk.report(run) for run in (run_id, other)]
    assert {report.state for report in reports} == {ImportState.DONE}
    assert sum(report.created + report.unchanged for report in reports) == 2 * ROWS
    assert desk.count(Asset) == sum(report.created for report in reports) == desk.count(OutboxRow)


def test_one_file_imported_twice_at_once_makes_each_card_once(desk: Desk, run_id: int) -> None:
    again = desk.begin(desk.file([samples.SURPLUS, *samples.surplus(ROWS), []]), proceed=True)
    assert again != run_id
    workers = [threading.Thread(target=desk.advance, args=(run,)) for run in (run_id, again)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    reports = [desk.report(run) for run in (run_id, again)]
    assert sum(report.created for report in reports) == desk.count(Asset) == desk.count(OutboxRow) == ROWS
    assert sum(report.unchanged for report in reports) == ROWS


def _crash_once(desk: Desk, after: int) -> Callable[[int, int | None], None]:
    """The database goes down after so many steps, once, and loses its unlogged rows."""
    crashes: list[int] = []

    def crash(done: int, total: int | None) -> None:
        if done == after and not crashes:
            crashes.append(done)
            with transaction(desk.sessions) as session:
                session.execute(text("TRUNCATE import_rows"))
            raise ConnectionError

    return crash


@pytest.mark.parametrize("after", [3 * STEP, ROWS + 3 * STEP])
def test_staged_rows_that_a_crashed_database_lost_are_read_again(desk: Desk, run_id: int, after: int) -> None:
    with pytest.raises(ConnectionError):
        desk.advance(run_id, on_progress=_crash_once(desk, after))
    assert desk.report(run_id).state in (ImportState.STAGING, ImportState.MERGING)
    desk.advance(run_id)
    check_complete(desk, run_id)


def test_a_preview_shows_all_rows_after_a_crash(desk: Desk) -> None:
    run_id = desk.begin(desk.file([samples.SURPLUS, *samples.surplus(ROWS)]))

    with pytest.raises(ConnectionError):
        desk.advance(run_id, on_progress=_crash_once(desk, 3 * STEP))
    assert desk.advance(run_id).state is ImportState.PREVIEW
    with transaction(desk.sessions) as session:
        assert preview(session, desk.actor, run_id).create == ROWS
        session.execute(text("TRUNCATE import_rows"))
        with pytest.raises(Conflict, match="请重新上传"):
            preview(session, desk.actor, run_id)


def test_rows_refused_while_merging_are_refused_again_after_a_crash(desk: Desk) -> None:
    headers = ["资产编号", "资产名称", "原值"]
    desk.bring_in(desk.file([headers, ["A1", "桌", 100]]))
    table = [
        ["资产编号", "资产名称", "累计折旧"],
        ["A1", "桌", 200],
        *([f"B{at}", "椅", ""] for at in range(300)),
    ]
    run_id = desk.begin(desk.file(table), proceed=True)

    def crash(done: int, total: int | None) -> None:
        if done == 301 + 2 * STEP and not crashes:
            crashes.append(done)
            with transaction(desk.sessions) as session:
                session.execute(text("TRUNCATE import_rows"))
            raise ConnectionError

    crashes: list[int] = []
    with pytest.raises(ConnectionError):
        desk.advance(run_id, on_progress=crash)
    report = desk.advance(run_id)
    assert (report.created, report.refused, report.state) == (300, 1, ImportState.DONE)
    assert desk.count(ImportRow) == 1


def test_a_card_that_somebody_edits_meanwhile_is_compared_as_it_was_left(desk: Desk) -> None:
    headers = ["资产编号", "资产名称", "原值"]
    desk.bring_in(desk.file([headers, ["A1", "桌", 100]]))
    run_id = desk.begin(desk.file([headers, ["A1", "桌", 120]]), proceed=True)
    worker = threading.Thread(target=desk.advance, args=(run_id,))
    with desk.sessions() as editing:
        editing.execute(update(Asset).values(original_value=150))
        worker.start()
        assert process.wait_until(lambda: _someone_waits(desk), seconds=20)
        editing.commit()
    worker.join()
    assert desk.report(run_id).updated == 1
    with desk.sessions() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "asset.edit"))
    assert (entry.before, entry.after) == ({"original_value": "150.00"}, {"original_value": "120.00"})


def test_a_card_that_somebody_makes_meanwhile_is_not_made_twice(desk: Desk) -> None:
    run_id = desk.begin(desk.file([["资产编号", "资产名称", "原值"], ["A1", "桌", 120]]), proceed=True)
    worker = threading.Thread(target=desk.advance, args=(run_id,))
    with desk.sessions() as making:
        factories.asset(making, making.merge(desk.unit), "桌", number="A1", original_value="150")
        worker.start()
        assert process.wait_until(lambda: _someone_waits(desk), seconds=20)
        making.commit()
    worker.join()
    report = desk.report(run_id)
    assert (report.state, report.created, report.updated) == (ImportState.DONE, 0, 1)
    assert [(card["number"], card["original_value"]) for card in desk.cards()] == [("A1", Decimal(120))]


def _someone_waits(desk: Desk) -> bool:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with desk.sessions() as session:
        return bool(session.scalar(waiting))


def test_a_file_that_ends_every_worker_is_given_up(desk: Desk, run_id: int) -> None:
    with transaction(desk.sessions) as session:
        session.execute(update(ImportRun).values(attempts=register_worker.MOST_ATTEMPTS))
    report = desk.advance(run_id)
    assert report.state is ImportState.FAILED
    assert "另存为 .csv" in report.error
    with transaction(desk.sessions) as session:
        register_import.resume(session, desk.actor, NOW, run_id)
    desk.advance(run_id)
    check_complete(desk, run_id)


def test_a_run_whose_file_is_gone_says_so(desk: Desk, run_id: int) -> None:
    for path in desk.settings.upload_dir.iterdir():
        path.unlink()
    report = desk.advance(run_id)
    assert (report.state, report.created) == (ImportState.FAILED, 0)
    assert "重新上传" in report.error


def test_a_correction_takes_the_run_from_the_worker_that_reads_it(desk: Desk) -> None:
    table = [["资产编号", "资产名称", "品名"], *([f"A{at}", "桌", "椅"] for at in range(ROWS))]
    run_id = desk.begin(desk.file(table))

    def correct(done: int, total: int | None) -> None:
        if done == 2 * STEP and not corrected:
            corrected.append(done)
            with transaction(desk.sessions) as session:
                register_import.remap(
                    session, desk.settings, desk.actor, NOW, run_id, {0: "number", 2: "name"}
                )

    corrected: list[int] = []
    assert desk.advance(run_id, on_progress=correct).staged == 0
    report = desk.advance(run_id)
    assert (report.state, report.staged) == (ImportState.PREVIEW, ROWS)
