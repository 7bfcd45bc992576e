"""Chaining the audit record, and checking that nothing in it was changed, removed or slipped in.

Whoever adds an entry takes no lock for it: the entry and its content hash are ordinary rows of the
writer's own transaction. One sealer at a time gives what has become visible its place in the chain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, any_, cast, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from marketplace.db.audit import SEALED, AuditEntry, AuditSeal, AuditWaiting
from marketplace.db.people import RoleGrant
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.audit_chain import (
    DIGEST,
    START,
    Fault,
    FaultKind,
    Link,
    Seal,
    content_of,
    fault_of,
    follow,
)
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import audit, messages

BATCH = 10_000
"""Entries sealed, or checked, at a time."""
SEAL_LOCK = 7_351_301
"""Advisory lock of whoever seals: a seal follows exactly one other."""
BROKEN = "/admin/audit"
"""Where a broken record is looked into."""
RECENT = 10_000
"""Entries that are checked while somebody waits for the answer."""
_BEFORE_ALL = -(2**63)
"""Below every position that the table can hold, also one that nobody should have put there."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a sealer did, and where the chain ends now."""

    entries: int
    last: Seal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: how many seals were good, the last of them, and the first fault behind it."""

    checked: int
    last: Seal
    fault: Fault | None = None


def seal(session: Session, *, batch: int = BATCH, wait: bool = False) -> Sealed | None:
    """Seal the oldest of the entries that wait; None when somebody else is sealing and we don't wait.

    The lock lasts to the end of the transaction, so commit soon.
    """
    if not _lock(session, wait):
        return None
    first = last = end(session)
    entries, digests = [], [first.digest]
    for entry_id, content in _take(session, batch):
        last = follow(last, content)
        entries.append(entry_id)
        digests.append(last.digest)
    if entries:
        values = {"first": first.position, "entries": entries, "digests": b"".join(digests), "size": DIGEST}
        session.execute(_APPEND, values)
    return Sealed(len(entries), last)


def seal_waiting(
    sessions: SessionFactory,
    *,
    batch: int = BATCH,
    wait: bool = False,
    keep_going: Callable[[], bool] = lambda: True,
) -> Sealed | None:
    """Seal until less than a batch waits, one transaction per batch; None when somebody else is at it."""
    entries, done = 0, None
    while keep_going():
        with transaction(sessions) as session:
            done = seal(session, batch=batch, wait=wait)
        if done is None:
            break
        entries += done.entries
        if done.entries < batch:
            break
    return Sealed(entries, done.last) if done else None


def end(session: Session) -> Seal:
    """The last seal."""
    last = select(AuditSeal.position, AuditSeal.digest).order_by(AuditSeal.position.desc()).limit(1)
    row = session.execute(last).one_or_none()
    return Seal(*row) if row else START


def next_waiting(_now: dt.datetime) -> Select[int]:
    """The entry that has waited longest for its seal, if any."""
    return select(AuditWaiting.entry_id).order_by(AuditWaiting.entry_id).limit(1)


def waiting(session: Session, *, up_to: int = 1_000_000) -> int:
    """How many entries wait for their seal; counting ends at ``up_to``."""
    some = select(AuditWaiting.entry_id).limit(up_to).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def verify(
    sessions: SessionFactory,
    *,
    known: Seal | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Verdict:
    """Check the whole record, in constant memory; every batch is a transaction of its own.

    ``known`` is a seal that was noted down outside: the chain must still contain it. ``progress`` is told
    how many seals were checked, and how many there are.
    """
    with sessions() as session:
        total = end(session).position
    verdict, after = Verdict(0, START), _BEFORE_ALL
    while True:
        with sessions() as session:
            step = _walk(session, verdict.last, after, BATCH, known)
            verdict = Verdict(verdict.checked + step.checked, step.last, step.fault)
            if verdict.fault or step.checked < BATCH:
                return _conclude(session, verdict, known)
        after = verdict.last.position
        progress(verdict.checked, total)


def verify_recent(session: Session, count: int = RECENT) -> Verdict:
    """Check the newest ``count`` seals, trusting the one before them, and that no new entry lacks one."""
    last = end(session)
    anchor = select(AuditSeal.position, AuditSeal.digest).where(AuditSeal.position == last.position - count)
    row = session.execute(anchor).one_or_none()
    start = Seal(*row) if row else START
    verdict = _walk(session, start, start.position if row else _BEFORE_ALL, count, None)
    if verdict.fault:
        return verdict
    newest = select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(count)
    return _with_unaccounted(session, verdict, AuditEntry.id.in_(newest))


def note(session: Session, actor: Actor, now: dt.datetime, verdict: Verdict, *, whole: bool) -> None:
    """Record that the record was checked, and what came of it; auditors are told of each fault once."""
    facts = {"scope": "whole" if whole else "recent", "checked": verdict.checked, "seal": str(verdict.last)}
    if verdict.fault:
        facts["fault"] = str(verdict.fault)
    audit.record(
        session,
        actor,
        now,
        "audit.verify",
        "audit",
        None,
        unit_id=actor.home_unit_id,
        after=facts,
        outcome="broken" if verdict.fault else "done",
    )
    if verdict.fault:
        auditors = select(RoleGrant.user_id).where(RoleGrant.role == Role.AUDITOR)
        messages.tell(
            session,
            now,
            session.scalars(auditors),
            "audit.broken",
            link=BROKEN,
            once=f"audit.broken:{verdict.fault}",
            fault=verdict.fault,
        )
    elif whole:
        messages.settle(session, BROKEN)


def last_check(session: Session) -> AuditEntry | None:
    """The entry about the last check of the whole record."""
    whole = AuditEntry.after["scope"].as_string() == "whole"
    checks = select(AuditEntry).where(AuditEntry.action == "audit.verify", whole)
    return session.scalar(checks.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(1))


def _lock(session: Session, wait: bool) -> bool:
    if wait:
        session.execute(select(func.pg_advisory_xact_lock(SEAL_LOCK)))
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(SEAL_LOCK))))


def _take(session: Session, batch: int) -> list[tuple[int, bytes]]:
    """Remove the oldest entries from those that wait. One that has a seal already gets no second one."""
    # Arrays lead through the indexes however wrong the statistics of these fast changing tables are.
    oldest = select(AuditWaiting.entry_id).order_by(AuditWaiting.entry_id).limit(batch)
    taken = (
        delete(AuditWaiting)
        .where(AuditWaiting.entry_id == any_(func.array(oldest.scalar_subquery())))
        .returning(AuditWaiting.entry_id, AuditWaiting.content)
        .execution_options(synchronize_session=False)
    )
    waited = dict(session.execute(taken).all())
    among = AuditSeal.entry_id == any_(cast(list(waited), ARRAY(BigInteger)))
    for entry_id in session.scalars(select(AuditSeal.entry_id).where(among)):
        del waited[entry_id]
    return sorted(waited.items())


_APPEND = text("""
    INSERT INTO audit_seals (position, entry_id, previous, digest)
    SELECT :first + n, entry_id,
           substring(:digests FROM CAST(:size * (n - 1) + 1 AS int) FOR :size),
           substring(:digests FROM CAST(:size * n + 1 AS int) FOR :size)
    FROM unnest(CAST(:entries AS bigint[])) WITH ORDINALITY AS sealed (entry_id, n)
""")
"""All digests come as one run of bytes: a tenth of what sending them one by one takes."""

_LINKS = (
    select(
        *(AuditSeal.position, AuditSeal.entry_id, AuditSeal.previous, AuditSeal.digest),
        *SEALED,
    )
    .outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
    .order_by(AuditSeal.position)
)


def _walk(session: Session, last: Seal, after: int, count: int, known: Seal | None) -> Verdict:
    """Check ``count`` seals from the first whose position is above ``after``; ``last`` is before them."""
    checked = 0
    for row in session.execute(_LINKS.where(AuditSeal.position > after).limit(count)):
        link = _link(row)
        if fault := fault_of(link, last, known):
            return Verdict(checked, last, fault)
        last = Seal(link.position, link.digest)
        checked += 1
    return Verdict(checked, last)


def _link(row: Row[*tuple[Any, ...]]) -> Link:
    position, entry_id, previous, digest, *fields = row
    content = None if fields[0] is None else content_of(fields)
    return Link(position, entry_id, previous, digest, content)


def _conclude(session: Session, verdict: Verdict, known: Seal | None) -> Verdict:
    """The verdict after the chain has been walked: whether everything is in it that should be."""
    if verdict.fault and verdict.fault.kind is FaultKind.GAP:
        bereft = replace(verdict.fault, entry_id=_unaccounted(session))
        return replace(verdict, fault=bereft)
    if verdict.fault:
        return verdict
    if known and known.position > verdict.last.position:
        return replace(verdict, fault=Fault(FaultKind.CUT, None, known.position))
    return _with_unaccounted(session, verdict)


def _with_unaccounted(session: Session, verdict: Verdict, *among: ColumnElement[bool]) -> Verdict:
    entry_id = _unaccounted(session, *among)
    return verdict if entry_id is None else replace(verdict, fault=Fault(FaultKind.ADDED, entry_id, None))


def _unaccounted(session: Session, *among: ColumnElement[bool]) -> int | None:
    """The first entry that neither has a seal nor waits for one."""
    sealed = select(AuditSeal.position).where(AuditSeal.entry_id == AuditEntry.id).exists()
    waits = select(AuditWaiting.entry_id).where(AuditWaiting.entry_id == AuditEntry.id).exists()
    return session.scalar(select(func.min(AuditEntry.id)).where(~sealed, ~waits, *among))
