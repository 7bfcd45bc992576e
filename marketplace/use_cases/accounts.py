"""Accounts: signing in, passwords, tokens for programs."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.db import actors
from marketplace.db.people import ApiToken, EndedSession, User
from marketplace.db.statements import Source
from marketplace.domain.accounts import (
    SESSION_LENGTH,
    check_password,
    locked_until_after,
    password_expired,
)
from marketplace.domain.errors import NotFound, invalid_field
from marketplace.domain.permissions import PLATFORM, Actor
from marketplace.domain.text import N_, clean
from marketplace.use_cases import audit

TOKEN_PREFIX = "gwc_"  # noqa: S105 - it marks tokens so that scanners for leaked secrets find them
TOKEN_NAME_LENGTH = 60

_hasher = PasswordHasher()


class SignInOutcome(StrEnum):
    """What became of an attempt to sign in."""

    DONE = "done"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class SignIn:
    """The outcome with what the page needs to go on."""

    outcome: SignInOutcome
    user_id: int | None = None
    locked_until: dt.datetime | None = None
    must_change_password: bool = False


@cache
def decoy() -> str:
    """Checked when the user name is unknown, so that answers take the same time."""
    return hash_password(secrets.token_hex(8))


def hash_password(password: str) -> str:
    """argon2id with the library's current parameters."""
    return _hasher.hash(password)


def sign_in(
    session: Session, now: dt.datetime, username: str, password: str, *, request_id: str = ""
) -> SignIn:
    """Check a name and password; every attempt is recorded, and five failures in a row lock the account.

    A locked account isn't told whether the password was right.
    """
    user = session.scalar(
        select(User).where(User.username == username.strip().casefold(), User.active).with_for_update()
    )
    # Asked for in either case: the first attempt of a process makes it.
    wrong = decoy()
    right = _verify(user.password_hash if user else wrong, password)
    if user is None:
        audit.record(
            session,
            replace(PLATFORM, request_id=request_id),
            now,
            "sign_in",
            "user",
            None,
            outcome="wrong",
            after={"username": username[:64]},
        )
        return SignIn(SignInOutcome.WRONG)
    actor = Actor(user_id=user.id, name=user.name, request_id=request_id)
    if user.locked_until and user.locked_until > now:
        _record_sign_in(session, actor, user, now, "locked")
        return SignIn(SignInOutcome.LOCKED, locked_until=user.locked_until)
    if not right:
        return _failed(session, actor, user, now)
    return _succeeded(session, actor, user, now, password)


def _failed(session: Session, actor: Actor, user: User, now: dt.datetime) -> SignIn:
    user.failed_sign_ins += 1
    user.locked_until = locked_until_after(user.failed_sign_ins, now)
    _record_sign_in(session, actor, user, now, "wrong")
    if user.locked_until:
        user.failed_sign_ins = 0
        return SignIn(SignInOutcome.LOCKED, locked_until=user.locked_until)
    return SignIn(SignInOutcome.WRONG)


def _succeeded(session: Session, actor: Actor, user: User, now: dt.datetime, password: str) -> SignIn:
    user.failed_sign_ins, user.locked_until, user.last_sign_in_at = 0, None, now
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    _record_sign_in(session, actor, user, now, "done")
    overdue = user.must_change_password or password_expired(user.password_changed_at, now)
    return SignIn(SignInOutcome.DONE, user_id=user.id, must_change_password=overdue)


def sign_out(session: Session, actor: Actor, now: dt.datetime, key: str) -> None:
    """End the session that was begun with ``key``, copies of its cookie included, and record it."""
    if key:  # none: begun under an earlier release
        session.execute(insert(EndedSession).values(key=key, ended_at=now).on_conflict_do_nothing())
    audit.record(session, actor, now, "sign_out", "user", actor.user_id, unit_id=actor.home_unit_id)


def forget_ended(session: Session, now: dt.datetime) -> int:
    """Forget sessions that would be over by now anyway; how many."""
    over = delete(EndedSession).where(EndedSession.ended_at < now - SESSION_LENGTH)
    return len(session.execute(over.returning(EndedSession.key)).all())


def change_password(session: Session, actor: Actor, now: dt.datetime, old: str, new: str) -> int:
    """Change the own password and end all other sessions; gives the new session epoch.

    Raises:
        Invalid: the old password is wrong, or the new one too weak or the same.
    """
    user = session.get_one(User, actor.user_id)
    if not _verify(user.password_hash, old):
        raise invalid_field("old_password", N_("原密码不正确。"))
    if old == new:
        raise invalid_field("password", N_("新密码不能与原密码相同。"))
    set_password(session, actor, now, user, new)
    return user.session_epoch


def set_password(
    session: Session, actor: Actor, now: dt.datetime, user: User, password: str, *, must_change: bool = False
) -> None:
    """Give an account a new password and end its sessions.

    Raises:
        Invalid: the password is too weak.
    """
    check_password(password, user.username)
    user.password_hash = hash_password(password)
    user.password_changed_at, user.must_change_password = now, must_change
    user.failed_sign_ins, user.locked_until = 0, None
    user.session_epoch += 1
    audit.record(session, actor, now, "user.password", "user", user.id, unit_id=user.home_unit_id)


def issue_token(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    user: User,
    name: str,
    expires_at: dt.datetime | None = None,
) -> str:
    """Make a token and return it. It is not kept and can't be shown again.

    Raises:
        Invalid: it has no name to tell it by, or the name is too long.
    """
    title = clean(name)
    if not 1 <= len(title) <= TOKEN_NAME_LENGTH:
        raise invalid_field("name", N_("请用1至%(length)d个字说明令牌的用途。"), length=TOKEN_NAME_LENGTH)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        user_id=user.id,
        name=title,
        digest=token_digest(token),
        hint=token[:8],
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    audit.record(
        session, actor, now, "token.issue", "token", row.id, unit_id=user.home_unit_id, after={"name": title}
    )
    return token


def revoke_token(session: Session, actor: Actor, now: dt.datetime, token_id: int) -> None:
    """End a token of the actor's own, at once.

    Raises:
        NotFound: the actor has no such token.
    """
    row = session.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == actor.user_id))
    if row is None:
        raise NotFound(N_("没有找到这个令牌。"))
    if row.revoked_at is None:
        row.revoked_at = now
        audit.record(
            session,
            actor,
            now,
            "token.revoke",
            "token",
            row.id,
            unit_id=actor.home_unit_id,
            after={"name": row.name},
        )


def token_digest(token: str) -> str:
    """What is kept of a token. Tokens are random, so a plain hash can't be guessed from."""
    return hashlib.sha256(token.encode()).hexdigest()


def identify_token(source: Source, now: dt.datetime, token: str) -> actors.Identity | None:
    """Whoever holds this token; None when nobody does, or no longer."""
    return actors.by_token(source, token_digest(token), now)


def note_token_use(session: Session, now: dt.datetime, found: actors.Identity) -> None:
    """Keep the day on which a token was last used."""
    session.execute(update(ApiToken).where(ApiToken.id == found.token_id).values(last_used_on=now.date()))


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _record_sign_in(session: Session, actor: Actor, user: User, now: dt.datetime, outcome: str) -> None:
    audit.record(session, actor, now, "sign_in", "user", user.id, unit_id=user.home_unit_id, outcome=outcome)
