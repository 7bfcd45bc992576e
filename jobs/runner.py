"""The process in which jobs run on schedule."""

from __future__ import annotations

import datetime as dt
import logging
import signal
import threading
from dataclasses import replace

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from structlog import get_logger

from jobs.means import Figures, Job, Means
from jobs.schedule import JOBS

log = get_logger()


def run_job(means: Means, job: Job, now: dt.datetime, *, dry_run: bool = False) -> Figures:
    """Run one job once and log what it did, unless it did nothing."""
    figures = job.step(means, now, dry_run)
    if any(figures.values()):
        log.info("job_done", job=job.name, **figures)
    return figures


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
    for job in JOBS:
        when = (
            {"trigger": "interval", "seconds": job.seconds}
            if job.seconds
            else {"trigger": "cron", "hour": job.hour}
        )
        scheduler.add_job(_guarded, args=(means, job), id=job.name, **when)
    scheduler.start()
    done.wait()
    scheduler.shutdown(wait=True)


def _guarded(means: Means, job: Job) -> None:
    """A failing run is logged and tried again at the next turn; it never ends the process."""
    try:
        run_job(means, job, means.clock())
    except Exception:
        log.exception("job_failed", job=job.name)
