"""The process in which jobs run on schedule."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from structlog import get_logger

from jobs.bell import rings
from jobs.means import Job, Means
from jobs.schedule import BY_NAME, JOBS
from jobs.turns import Clockwork

log = get_logger()
LOOK_EVERY = 10
"""Seconds between looks whether a daily job is due, or was asked for, and nobody else does it."""
JUMP_SECONDS = 2
"""More than a clock is corrected by in a second when it is only slewed."""
GATHER_SECONDS = 0.5
"""How long after a run by the bell further rings are gathered: an import rings many times a second."""


def run_forever(means: Means) -> None:
    """Run every job on schedule until TERM or INT."""
    # A job that is still busy at its next turn is no news; its own failures are logged below.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    means = replace(means, keep_going=lambda: not done.is_set())
    scheduler = BackgroundScheduler(
        timezone=means.settings.time_zone,
        executors={"default": ThreadPoolExecutor(len(JOBS))},
        # A late run happens once, however many were missed, and never beside itself.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    clockwork = Clockwork(means)
    listeners = []
    for job in JOBS:
        if job.by_bell:
            heard = rings(means.settings.database_url, _interval(job), done)
            listeners.append(threading.Thread(target=_by_bell, args=(clockwork, job, heard, done)))
        else:
            scheduler.add_job(
                _guarded, "interval", args=(clockwork, job), id=job.name, seconds=_interval(job)
            )
    scheduler.start()
    for listener in listeners:
        listener.start()
    _until(done, scheduler)
    scheduler.shutdown(wait=True)
    for listener in listeners:
        listener.join()


def _interval(job: Job) -> int:
    """Seconds between two looks at a job."""
    return min(job.plan.seconds or LOOK_EVERY, LOOK_EVERY)


def _until(done: threading.Event, scheduler: BackgroundScheduler) -> None:
    """Wait for the end. When the clock is put right meanwhile, looks are planned anew from then on.

    The scheduler waits for a time of day: put back by an hour, it would do nothing for an hour.
    """
    offset = time.time() - time.monotonic()
    while not done.wait(1):
        before, offset = offset, time.time() - time.monotonic()
        if abs(offset - before) > JUMP_SECONDS:
            log.warning("clock_jumped", seconds=round(offset - before))
            for planned in scheduler.get_jobs():
                seconds = _interval(BY_NAME[planned.id])
                scheduler.reschedule_job(planned.id, trigger="interval", seconds=seconds)


def _by_bell(clockwork: Clockwork, job: Job, heard: Iterator[None], done: threading.Event) -> None:
    """Run a job at every ring, and by the clock when there is none."""
    for _ in heard:
        _guarded(clockwork, job)
        done.wait(GATHER_SECONDS)


def _guarded(clockwork: Clockwork, job: Job) -> None:
    """A failing look at the clock is logged and repeated at the next turn; it never ends the process."""
    try:
        clockwork.take_turn(job)
    except Exception:
        log.exception("turn_failed", job=job.name)
