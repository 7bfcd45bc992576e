"""The chain of the audit record: whole under many writers, and broken by whatever is done to it."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db import migrate
from marketplace.db.audit import SEALED, AuditEntry, AuditSeal, AuditWaiting
from marketplace.db.messages import Message
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.domain.audit_chain import (
    FIELDS,
    START,
    Fault,
    FaultKind,
    Seal,
    canonical,
    content_of,
    follow,
    read_seal,
)
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.use_cases import audit, audit_chain
from tests import factories
from tests.conftest import NOW, own_database

WRITERS = 8
TRANSACTIONS = 40
"""By each writer; every fourth is undone, every third adds two entries."""


@pytest.fixture
def sessions(sessions: SessionFactory) -> SessionFactory:
    """An empty record, whose first entry gets the id 1."""
    with transaction(sessions) as session:
        session.execute(text("ALTER TABLE audit_entries ALTER COLUMN id RESTART"))
    return sessions


def add(session: Session, number: int = 0, action: str = "asset.edit") -> int:
    """An entry; gives its id."""
    audit.record(session, PLATFORM, NOW, action, "asset", number, after={"name": f"办公桌{number}"})
    return session.scalars(select(func.max(AuditEntry.id))).one()


def fill(sessions: SessionFactory, count: int) -> None:
    """So many entries, each sealed."""
    with transaction(sessions) as session:
        for number in range(count):
            add(session, number)
    audit_chain.seal_waiting(sessions, wait=True)


def tamper(sessions: SessionFactory, *statements: Any) -> None:
    """What somebody does who can switch off the triggers."""
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(statement)


def fault(sessions: SessionFactory, known: Seal | None = None) -> Fault | None:
    return audit_chain.verify(sessions, known=known).fault


def ids(sessions: SessionFactory) -> list[int]:
    with sessions() as session:
        return list(session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))


def test_many_writers_and_two_sealers_make_one_whole_chain(sessions: SessionFactory) -> None:
    done = threading.Event()
    start = threading.Barrier(WRITERS + 2)
    meanwhile: list[Fault | None] = []

    def write(writer: int) -> None:
        start.wait()
        for number in range(TRANSACTIONS):
            with sessions() as session:
                for _ in range(2 if number % 3 == 0 else 1):
                    add(session, writer * 1000 + number)
                session.rollback() if number % 4 == 0 else session.commit()

    def keep_sealing() -> None:
        start.wait()
        while not done.is_set():
            audit_chain.seal_waiting(sessions, batch=7)
            meanwhile.append(fault(sessions))

    with ThreadPoolExecutor(WRITERS + 2) as threads:
        sealers = [threads.submit(keep_sealing) for _ in range(2)]
        writers = [threads.submit(write, writer) for writer in range(WRITERS)]
        for writer in writers:
            writer.result()
        done.set()
        for sealer in sealers:
            sealer.result()
    audit_chain.seal_waiting(sessions, wait=True)

    kept = [number for number in range(TRANSACTIONS) if number % 4]
    written = WRITERS * sum(2 if number % 3 == 0 else 1 for number in kept)
    with sessions() as session:
        seals = session.execute(select(AuditSeal.position, AuditSeal.entry_id).order_by(AuditSeal.position))
        positions, entries = zip(*seals, strict=True)
        assert audit_chain.waiting(session) == 0
    assert positions == tuple(range(1, written + 1))
    assert sorted(entries) == ids(sessions)
    assert set(meanwhile) == {None}
    verdict = audit_chain.verify(sessions)
    assert (verdict.checked, verdict.fault) == (written, None)


def test_an_entry_that_is_committed_late_is_sealed_behind_newer_ones(sessions: SessionFactory) -> None:
    with sessions() as slow:
        early = add(slow)
        with transaction(sessions) as quick:
            late = add(quick)
        audit_chain.seal_waiting(sessions)
        slow.commit()
    audit_chain.seal_waiting(sessions)
    with sessions() as session:
        order = session.scalars(select(AuditSeal.entry_id).order_by(AuditSeal.position)).all()
    assert order == [late, early]
    assert early < late
    assert fault(sessions) is None


def test_nobody_who_writes_waits_for_a_sealer_and_no_two_seal_at_once(sessions: SessionFactory) -> None:
    fill(sessions, 2)
    with transaction(sessions) as session:
        add(session)
    with sessions() as sealing:
        assert audit_chain.seal(sealing) is not None
        with transaction(sessions) as writing:
            writing.execute(text("SET LOCAL lock_timeout = '1ms'"))
            add(writing)
        with sessions() as other:
            assert audit_chain.seal(other) is None
        sealing.commit()
    assert audit_chain.verify(sessions).checked == 3
    audit_chain.seal_waiting(sessions)
    assert audit_chain.verify(sessions) == audit_chain.Verdict(4, _end(sessions))


def test_a_seal_that_was_not_committed_never_was(sessions: SessionFactory) -> None:
    fill(sessions, 1)
    with transaction(sessions) as session:
        add(session)
    with sessions() as dying:
        audit_chain.seal(dying)
        dying.rollback()
    with sessions() as session:
        assert (audit_chain.waiting(session), audit_chain.end(session).position) == (1, 1)
    audit_chain.seal_waiting(sessions)
    assert audit_chain.verify(sessions).checked == 2


def _end(sessions: SessionFactory) -> Seal:
    with sessions() as session:
        return audit_chain.end(session)


def _entry(values: dict[str, Any]) -> Callable[[], Any]:
    return lambda: update(AuditEntry).where(AuditEntry.id == 4).values(**values)


CHANGES = {
    "at": NOW + dt.timedelta(microseconds=1),
    "actor_id": 7,
    "actor_name": "李四",
    "unit_id": 1,
    "action": "asset.list",
    "object_kind": "unit",
    "object_id": None,
    "outcome": "wrong",
    "before": {"name": "办公桌3"},
    "after": {"name": "办公桌3 "},
    "reason": "事后补写",
    "basis": "第十一条",
    "request_id": "x",
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_field_of_an_entry_is_found(sessions: SessionFactory, field: str) -> None:
    fill(sessions, 6)
    tamper(sessions, update(AuditEntry).where(AuditEntry.id == 4).values({field: CHANGES[field]}))
    assert fault(sessions) == Fault(FaultKind.CHANGED, 4, 4)


def test_every_sealed_field_is_tried() -> None:
    assert {"id", *CHANGES} == set(FIELDS) == {column.name for column in AuditEntry.__table__.columns}


@dataclass(frozen=True)
class Deed:
    """Something done to the record behind the program's back, and what must be found."""

    statements: tuple[Any, ...]
    found: Fault


def _seal_at(position: int) -> Any:
    return AuditSeal.position == position


DEEDS = {
    "entry removed": Deed((delete(AuditEntry).where(AuditEntry.id == 3),), Fault(FaultKind.REMOVED, 3, 3)),
    "last entry removed": Deed(
        (delete(AuditEntry).where(AuditEntry.id == 6),), Fault(FaultKind.REMOVED, 6, 6)
    ),
    "entry inserted": Deed(
        (insert(AuditEntry).values(id=90, at=NOW, actor_name="张三", action="x", object_kind="asset"),),
        Fault(FaultKind.ADDED, 90, None),
    ),
    "entry inserted with a seal before all others": Deed(
        (
            insert(AuditEntry).values(id=90, at=NOW, actor_name="张三", action="x", object_kind="asset"),
            insert(AuditSeal).values(position=-1, entry_id=90, previous=b"", digest=bytes(32)),
        ),
        Fault(FaultKind.UNLINKED, 90, -1),
    ),
    "digest of a seal changed": Deed(
        (update(AuditSeal).where(_seal_at(2)).values(digest=bytes(32)),), Fault(FaultKind.CHANGED, 2, 2)
    ),
    "previous digest of a seal changed": Deed(
        (update(AuditSeal).where(_seal_at(2)).values(previous=bytes(32)),), Fault(FaultKind.UNLINKED, 2, 2)
    ),
    "seal given to another entry": Deed(
        (
            delete(AuditEntry).where(AuditEntry.id == 5),
            delete(AuditSeal).where(_seal_at(6)),
            update(AuditSeal).where(_seal_at(5)).values(entry_id=6),
        ),
        Fault(FaultKind.CHANGED, 6, 5),
    ),
    "seal removed": Deed((delete(AuditSeal).where(_seal_at(4)),), Fault(FaultKind.GAP, 4, 4)),
    "last seal removed": Deed((delete(AuditSeal).where(_seal_at(6)),), Fault(FaultKind.ADDED, 6, None)),
    "entry and its seal removed": Deed(
        (delete(AuditEntry).where(AuditEntry.id == 4), delete(AuditSeal).where(_seal_at(4))),
        Fault(FaultKind.GAP, None, 4),
    ),
    "two entries changed places": Deed(
        (
            update(AuditSeal).where(_seal_at(2)).values(entry_id=-1),
            update(AuditSeal).where(_seal_at(3)).values(entry_id=2),
            update(AuditSeal).where(_seal_at(2)).values(entry_id=3),
        ),
        Fault(FaultKind.CHANGED, 3, 2),
    ),
    "time beyond any calendar": Deed(
        (text("UPDATE audit_entries SET at = 'infinity' WHERE id = 2"),), Fault(FaultKind.CHANGED, 2, 2)
    ),
}


@pytest.mark.parametrize("name", DEEDS)
def test_whatever_is_done_to_the_record_is_named(sessions: SessionFactory, name: str) -> None:
    fill(sessions, 6)
    assert fault(sessions) is None
    tamper(sessions, *DEEDS[name].statements)
    assert fault(sessions) == DEEDS[name].found
    with transaction(sessions) as session:
        add(session)
    audit_chain.seal_waiting(sessions)
    assert fault(sessions) == DEEDS[name].found, "what is sealed afterwards doesn't cover it"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (update(AuditEntry).where(AuditEntry.id == 2).values(reason="x"), FaultKind.CHANGED),
        (delete(AuditEntry).where(AuditEntry.id == 2), FaultKind.REMOVED),
    ],
)
def test_what_is_done_before_the_seal_is_found_as_well(
    sessions: SessionFactory, statement: Any, kind: FaultKind
) -> None:
    with transaction(sessions) as session:
        for number in range(3):
            add(session, number)
    tamper(sessions, statement)
    audit_chain.seal_waiting(sessions)
    assert fault(sessions) == Fault(kind, 2, 2)


def test_a_forged_note_that_an_entry_waits_gets_it_no_second_seal(sessions: SessionFactory) -> None:
    fill(sessions, 3)
    tamper(sessions, insert(AuditWaiting).values(entry_id=2, content=bytes(32)))
    fill(sessions, 2)
    assert audit_chain.verify(sessions) == audit_chain.Verdict(5, _end(sessions))


def test_a_seal_kept_outside_shows_that_the_newest_entries_were_cut_off(sessions: SessionFactory) -> None:
    fill(sessions, 6)
    known = _end(sessions)
    assert fault(sessions, known) is None
    tamper(
        sessions,
        delete(AuditEntry).where(AuditEntry.id > 4),
        delete(AuditSeal).where(AuditSeal.position > 4),
    )
    assert fault(sessions) is None, "nothing inside the database can tell"
    assert fault(sessions, known) == Fault(FaultKind.CUT, None, 6)
    fill(sessions, 2)
    assert fault(sessions, known) == Fault(FaultKind.REWRITTEN, ids(sessions)[-1], 6)


def test_a_seal_kept_outside_shows_that_everything_was_written_anew(sessions: SessionFactory) -> None:
    fill(sessions, 4)
    known = _end(sessions)
    with sessions() as session:
        rows = session.execute(select(*SEALED).order_by(AuditEntry.id)).all()
    forged, last = [], START
    for row in rows:
        fields = dict(zip(FIELDS, row, strict=True)) | ({"reason": "x"} if row[0] == 2 else {})
        before, last = last, follow(last, content_of(fields.values()))
        forged.append(
            update(AuditSeal)
            .where(_seal_at(last.position))
            .values(previous=before.digest, digest=last.digest)
        )
    tamper(sessions, update(AuditEntry).where(AuditEntry.id == 2).values(reason="x"), *forged)
    assert fault(sessions) is None, "nothing inside the database can tell"
    assert fault(sessions, known) == Fault(FaultKind.REWRITTEN, 4, 4)


def test_a_long_record_is_walked_batch_by_batch(sessions: SessionFactory) -> None:
    size = 2 * audit_chain.BATCH + 1
    with transaction(sessions) as session:
        session.execute(_MANY, {"count": size, "at": NOW})
        # As autovacuum does a minute later: what was emptied before is taken for empty still.
        session.execute(text("ANALYZE audit_entries, audit_waiting"))
    sealed = audit_chain.seal_waiting(sessions)
    assert sealed == audit_chain.Sealed(size, _end(sessions))
    with transaction(sessions) as session:
        session.execute(text("ANALYZE audit_seals"))
    seen: list[tuple[int, int]] = []
    verdict = audit_chain.verify(sessions, progress=lambda *done: seen.append(done))
    assert verdict == audit_chain.Verdict(size, _end(sessions))
    assert seen == [(audit_chain.BATCH, size), (2 * audit_chain.BATCH, size)]
    tamper(sessions, update(AuditEntry).where(AuditEntry.id == size).values(reason="x"))
    assert fault(sessions) == Fault(FaultKind.CHANGED, size, size)


_MANY = text("""
    INSERT INTO audit_entries (at, actor_name, action, object_kind, object_id)
    SELECT :at, '王晓岚', 'asset.edit', 'asset', n FROM generate_series(1, :count) AS n
""")


def test_the_newest_entries_are_checked_alone(sessions: SessionFactory) -> None:
    fill(sessions, 10)
    tamper(sessions, update(AuditEntry).where(AuditEntry.id == 6).values(reason="x"))
    with sessions() as session:
        assert audit_chain.verify_recent(session, 4) == audit_chain.Verdict(4, audit_chain.end(session))
        assert audit_chain.verify_recent(session, 5).fault == Fault(FaultKind.CHANGED, 6, 6)
        assert audit_chain.verify_recent(session, 99).checked == 5
    tamper(
        sessions,
        insert(AuditEntry).values(id=90, at=NOW, actor_name="张三", action="x", object_kind="asset"),
    )
    with sessions() as session:
        assert audit_chain.verify_recent(session, 4).fault == Fault(FaultKind.ADDED, 90, None)


@pytest.mark.parametrize("table", ["audit_entries", "audit_seals"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_tables_refuse_to_be_changed(session: Session, table: str, change: str) -> None:
    column = {"audit_entries": "reason = 'x'", "audit_seals": "entry_id = 0"}[table]
    add(session)
    audit_chain.seal(session, wait=True)
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(text(change.format(table, column)))


def test_entries_from_before_the_chain_are_sealed(settings: Settings, worker: str) -> None:
    engine = make_engine(own_database(settings.database_url, f"old_{worker}"))
    migrate.upgrade(engine, "0001")
    with engine.begin() as connection:
        connection.execute(_MANY, {"count": 3, "at": NOW})
    migrate.upgrade(engine)
    sessions = make_sessions(engine)
    fill(sessions, 1)
    assert audit_chain.verify(sessions) == audit_chain.Verdict(4, _end(sessions))
    engine.dispose()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "名称", '"', "\\"]), inner)
    ),
    max_leaves=8,
)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
BIG = st.none() | st.integers(-(2**63), 2**63 - 1)
ENTRIES = st.fixed_dictionaries(
    {
        "at": st.datetimes(timezones=st.just(dt.UTC)),
        "actor_id": BIG,
        "actor_name": TEXT,
        "unit_id": BIG,
        "action": TEXT,
        "object_kind": TEXT,
        "object_id": BIG,
        "outcome": st.text("abc", max_size=20),
        "before": st.dictionaries(TEXT, JSON, max_size=3) | st.none(),
        "after": st.dictionaries(TEXT, JSON, max_size=3) | st.none(),
        "reason": TEXT,
        "basis": TEXT,
        "request_id": TEXT,
    }
)
PLACES = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])
STYLES = st.sampled_from(["ISO, DMY", "German", "SQL, MDY"])


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(entry=ENTRIES, place=PLACES, style=STYLES)
def test_what_the_database_hashes_is_what_is_checked(
    session: Session, entry: dict[str, Any], place: str, style: str
) -> None:
    """Whatever an entry says, and whatever the settings of the session that adds or reads it."""
    with session.begin_nested():
        for name, value in (("TimeZone", place), ("DateStyle", style), ("extra_float_digits", "-10")):
            session.execute(select(func.set_config(name, value, True)))
        entry_id = session.scalar(insert(AuditEntry).values(**entry).returning(AuditEntry.id))
        hashed = session.scalar(select(AuditWaiting.content).where(AuditWaiting.entry_id == entry_id))
    for name, value in (("TimeZone", "UTC"), ("DateStyle", "ISO, MDY"), ("extra_float_digits", "1")):
        session.execute(select(func.set_config(name, value, True)))
    fields = session.execute(select(*SEALED).where(AuditEntry.id == entry_id)).one()
    assert content_of(fields) == hashed
    assert json.loads(canonical(fields)) == list(fields), "nothing is lost, so no two entries look the same"
    said = dict(zip(FIELDS, fields, strict=True))
    for name in (
        "actor_id",
        "actor_name",
        "unit_id",
        "action",
        "object_kind",
        "object_id",
        "reason",
        "basis",
    ):
        assert said[name] == entry[name]
    assert dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + _seconds(said["at"]) == entry["at"]


def _seconds(given: str) -> dt.timedelta:
    whole, _, micros = given.partition(".")
    sign = -1 if given.startswith("-") else 1
    return dt.timedelta(seconds=int(whole), microseconds=sign * int(micros))


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=6, unique=True), st.randoms())
def test_the_same_contents_in_another_order_end_elsewhere(contents: list[bytes], chance: Any) -> None:
    shuffled = chance.sample(contents, len(contents))
    assert (_chained(contents) == _chained(shuffled)) is (contents == shuffled)
    assert _chained(contents) != _chained(contents[:-1])


def _chained(contents: list[bytes]) -> Seal:
    last = START
    for entry in contents:
        last = follow(last, entry)
    return last


def test_a_seal_is_noted_down_and_read_again() -> None:
    seal = follow(START, content_of([1, None, "一"]))
    assert read_seal(f" {seal}\n") == seal
    for wrong in ("", "1", "x:00", f"0:{seal.digest.hex()}", f"1:{seal.digest.hex()[2:]}"):
        with pytest.raises(ValueError):
            read_seal(wrong)


def test_auditors_are_told_of_each_fault_once_until_the_record_is_whole(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        unit = factories.unit(session)
        auditor = factories.user(session, unit, Role.AUDITOR).id
        factories.user(session, unit, Role.SYSTEM_ADMINISTRATOR)
    broken = audit_chain.Verdict(6, START, Fault(FaultKind.CHANGED, 7, 7))
    other = audit_chain.Verdict(2, START, Fault(FaultKind.REMOVED, 3, 3))
    for verdict in (broken, broken, other):
        with transaction(sessions) as session:
            audit_chain.note(session, PLATFORM, NOW, verdict, whole=True)
    asked = select(Message.user_id, Message.params).where(Message.needs_action).order_by(Message.id)
    with sessions() as session:
        found = session.execute(asked).all()
        assert [user_id for user_id, _ in found] == [auditor, auditor]
        assert [params["fault"]["entry"] for _, params in found] == [7, 3]
    with transaction(sessions) as session:
        audit_chain.note(session, PLATFORM, NOW, audit_chain.Verdict(9, START), whole=True)
        assert session.execute(asked).all() == []
