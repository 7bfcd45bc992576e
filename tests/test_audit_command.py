"""``gwc audit verify`` and the jobs that keep the chain."""

from __future__ import annotations

import json

from sqlalchemy import delete, func, insert, select, text

from marketplace.config import Settings
from marketplace.db.audit import AuditEntry, AuditSeal
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases import audit, audit_chain
from tests.conftest import NOW
from tests.test_commands import gwc


def add(sessions: SessionFactory, count: int = 3) -> list[int]:
    """Some entries; their ids."""
    with transaction(sessions) as session:
        for number in range(count):
            audit.record(session, PLATFORM, NOW, "asset.edit", "asset", number)
        return list(session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))


def remove(sessions: SessionFactory, entry_id: int, *, seal: bool = False) -> None:
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(delete(AuditEntry).where(AuditEntry.id == entry_id))
        if seal:
            session.execute(delete(AuditSeal).where(AuditSeal.entry_id == entry_id))


def test_the_record_is_sealed_and_found_whole(settings: Settings, sessions: SessionFactory) -> None:
    add(sessions)
    done = gwc(settings, "audit", "verify")
    assert done.returncode == 0, done.stderr
    with sessions() as session:
        end = audit_chain.end(session)
        assert audit_chain.waiting(session) == 0
    assert done.stdout.splitlines() == ["The audit record is whole: 3 entries.", str(end)]


def test_the_first_broken_entry_is_named_on_stderr(settings: Settings, sessions: SessionFactory) -> None:
    entries = add(sessions)
    gwc(settings, "audit", "verify")
    remove(sessions, entries[1])
    remove(sessions, entries[2])
    done = gwc(settings, "audit", "verify")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"entry {entries[1]} (position 2) was removed" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_entry_that_was_slipped_in_is_named(settings: Settings, sessions: SessionFactory) -> None:
    add(sessions)
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        forged = insert(AuditEntry).values(at=NOW, actor_name="x", action="x", object_kind="x")
        entry_id = session.scalar(forged.returning(AuditEntry.id))
    done = gwc(settings, "audit", "verify")
    assert done.returncode == 1
    assert f"entry {entry_id} was slipped in" in done.stderr


def test_a_cut_end_shows_by_a_seal_that_was_kept(settings: Settings, sessions: SessionFactory) -> None:
    entries = add(sessions)
    known = gwc(settings, "audit", "verify").stdout.splitlines()[-1]
    remove(sessions, entries[-1], seal=True)
    assert gwc(settings, "audit", "verify").returncode == 0
    done = gwc(settings, "audit", "verify", "--known", known)
    assert done.returncode == 1
    assert "ends before position 3" in done.stderr
    add(sessions, 1)
    assert "was rewritten" in gwc(settings, "audit", "verify", "--known", known).stderr


def test_a_seal_that_is_none_is_refused(settings: Settings) -> None:
    done = gwc(settings, "audit", "verify", "--known", "yesterday")
    assert (done.returncode, done.stdout) == (2, "")
    assert "POSITION:DIGEST" in done.stderr


def test_the_jobs_seal_and_check(settings: Settings, sessions: SessionFactory) -> None:
    entries = add(sessions)
    run = ("jobs", "run")
    assert _figures(settings, *run, "seal-audit", "--dry-run") == {"waiting": 3}
    assert _figures(settings, *run, "seal-audit") == {"sealed": 3}
    assert _figures(settings, *run, "seal-audit") == {"sealed": 0}
    assert _figures(settings, *run, "verify-audit", "--dry-run") == {"checked": 3, "broken": 0}
    assert _figures(settings, *run, "verify-audit") == {"checked": 3, "broken": 0}
    remove(sessions, entries[0])
    assert _figures(settings, *run, "verify-audit") == {"checked": 0, "broken": 1}
    with sessions() as session:
        checks = session.scalars(select(AuditEntry).where(AuditEntry.action == "audit.verify")).all()
        assert session.scalar(select(func.count(AuditSeal.position))) == 3
    assert [(check.outcome, check.after["checked"]) for check in checks if check.after] == [
        ("done", 3),
        ("broken", 0),
    ]


def _figures(settings: Settings, *arguments: str) -> dict[str, int]:
    done = gwc(settings, *arguments)
    assert done.returncode == 0, done.stderr
    figures: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return figures
