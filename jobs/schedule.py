"""Which job runs when, and what each does in one step.

A job is a function of its means, a moment and whether to only look; it returns figures for the
record. It is safe to kill at any statement and to run twice at once.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, func, select
from structlog import get_logger

from jobs.auctions import prepare_auctions
from jobs.idle import answer_silence, flag_idle, walk_timetable
from jobs.means import Figures, Job, Means
from jobs.orders import award_windows, check_pieces, expire_orders
from jobs.reminders import remind
from marketplace.db.outbox import KeptAnswer, OutboxRow
from marketplace.db.session import transaction
from marketplace.domain.jobs import PLAN_OF
from marketplace.domain.permissions import PLATFORM
from marketplace.mail.carriers import MailServerDown, carrier_of
from marketplace.media.store import FolderStore
from marketplace.use_cases import (
    accounts,
    audit_chain,
    mailing,
    photo_files,
    register_import,
    register_worker,
)
from search import indexer

log = get_logger()

ANSWERS_KEPT = dt.timedelta(days=2)
"""How long a creating call can be repeated with its key."""


def drain_outbox(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Bring the search index up to the database."""
    if dry_run:
        with means.sessions() as session:
            waiting = session.scalar(
                select(func.count()).select_from(OutboxRow).where(OutboxRow.drained_at.is_(None))
            )
        return {"waiting": waiting or 0}
    return means.nodes.drain(means.sessions, means.keep_going)


def import_registers(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Read and merge the registers that wait."""
    if dry_run:
        return {"waiting": register_worker.waiting(means.sessions, now)}
    advanced = register_worker.advance_all(
        means.sessions, means.settings, means.clock, keep_going=means.keep_going
    )
    return {"advanced": advanced}


def repair_index(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Compare index and database and mend what differs."""
    return means.nodes.repair(means.sessions, dry_run=dry_run)


def seal_audit(means: Means, _now: dt.datetime, dry_run: bool) -> Figures:
    """Give new audit entries their place in the chain.

    The log then holds the end of the chain outside the database, where it shows if the newest entries
    are ever cut off.
    """
    if dry_run:
        with means.sessions() as session:
            return {"waiting": audit_chain.waiting(session)}
    sealed = audit_chain.seal_waiting(means.sessions, keep_going=means.keep_going)
    if sealed is None or not sealed.entries:
        return {"sealed": 0}
    log.info("audit_sealed", seal=str(sealed.last))
    return {"sealed": sealed.entries}


def verify_audit(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Check the whole audit record, and record what came of it."""
    verdict = audit_chain.verify(means.sessions)
    if verdict.fault:
        log.error("audit_broken", fault=str(verdict.fault), seal=str(verdict.last))
    if not dry_run:
        with transaction(means.sessions) as session:
            audit_chain.note(session, PLATFORM, now, verdict, whole=True)
    return {"checked": verdict.checked, "broken": int(verdict.fault is not None)}


def send_mail(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Send the mails that are due; while the mail server is away they wait."""
    if dry_run:
        with means.sessions() as session:
            return mailing.standing(session)
    carrier = carrier_of(means.settings)
    try:
        return mailing.send_due(means.sessions, means.settings, carrier, now, keep_going=means.keep_going)
    except MailServerDown as error:
        log.warning("mail_server_down", error=str(error))
        return {}


def tidy(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Forget what is no longer needed: outbox rows, kept answers, sessions, files of imports and photos."""
    old = KeptAnswer.created_at < now - ANSWERS_KEPT
    photos = photo_files.sweep(
        means.sessions,
        FolderStore(means.settings.media_dir),
        now,
        dry_run=dry_run,
        keep_going=means.keep_going,
    )
    with transaction(means.sessions) as session:
        if dry_run:
            count = session.scalar(select(func.count()).select_from(KeptAnswer).where(old)) or 0
            return {"answers": count, "photos": photos}
        answers = session.execute(delete(KeptAnswer).where(old).returning(KeptAnswer.key)).all()
        imports = register_import.clear_old(session, means.settings, now)
        sessions = accounts.forget_ended(session, now)
    outbox = means.nodes.purge(means.sessions, now)
    return {
        "answers": len(answers),
        "imports": imports,
        "outbox": outbox,
        "photos": photos,
        "sessions": sessions,
    }


JOBS: tuple[Job, ...] = (
    Job(
        PLAN_OF["drain-outbox"],
        "Bring the search index up to the database",
        drain_outbox,
        by_bell=True,
        waiting=indexer.waiting,
    ),
    Job(
        PLAN_OF["import-registers"],
        "Read and merge waiting registers",
        import_registers,
        waiting=register_worker.next_free,
    ),
    Job(
        PLAN_OF["seal-audit"],
        "Give new audit entries their place in the chain",
        seal_audit,
        waiting=audit_chain.next_waiting,
    ),
    Job(PLAN_OF["send-mail"], "Send the mails that are due", send_mail, waiting=mailing.any_due),
    Job(
        PLAN_OF["prepare-auctions"],
        "Draft auctions of approved disposal projects",
        prepare_auctions,
    ),
    Job(PLAN_OF["verify-audit"], "Check the whole audit record", verify_audit),
    Job(PLAN_OF["repair-index"], "Compare index and database, mend what differs", repair_index),
    Job(
        PLAN_OF["award-windows"],
        "Rank and award what was asked for in windows that have closed",
        award_windows,
    ),
    Job(
        PLAN_OF["expire-orders"], "End orders whose time to answer or to hand over has passed", expire_orders
    ),
    Job(PLAN_OF["walk-timetable"], "Move what is on offer along its timetable", walk_timetable),
    Job(PLAN_OF["flag-idle"], "Flag what seems to be idle and tell its holders", flag_idle),
    Job(PLAN_OF["answer-silence"], "Do what silence means for flags nobody answered", answer_silence),
    Job(PLAN_OF["remind"], "Remind of what is due or overdue, and escalate", remind),
    Job(PLAN_OF["check-pieces"], "Check that no piece was lost or made", check_pieces),
    Job(PLAN_OF["tidy"], "Forget what is no longer needed", tidy),
)
BY_NAME = {job.name: job for job in JOBS}
