"""Rules for accounts: passwords, locking, sign-out (等保 level 3, GB/T 22239-2019, 8.1.4.1)."""

from __future__ import annotations

import datetime as dt
import re

from marketplace.domain.errors import invalid_field
from marketplace.domain.text import N_

FAILURES_BEFORE_LOCK = 5
LOCK_TIME = dt.timedelta(minutes=15)
IDLE_SIGN_OUT = dt.timedelta(minutes=10)
SESSION_LENGTH = dt.timedelta(hours=12)
"""However busy: what somebody took from a browser is good for no longer."""
PASSWORD_AGE = dt.timedelta(days=90)
PASSWORD_LENGTH = 10

_KINDS = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"\d"), re.compile(r"[^A-Za-z0-9]"))
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")


def check_password(password: str, username: str) -> None:
    """Refuse a weak password.

    Raises:
        Invalid: too short, fewer than three kinds of characters, or containing the user name.
    """
    kinds = sum(bool(kind.search(password)) for kind in _KINDS)
    if len(password) < PASSWORD_LENGTH or kinds < 3:
        raise invalid_field(
            "password",
            N_("密码至少%(length)d位，并含大写字母、小写字母、数字、符号中的三种。"),
            length=PASSWORD_LENGTH,
        )
    if username.casefold() in password.casefold():
        raise invalid_field("password", N_("密码不能包含用户名。"))


def check_username(username: str) -> str:
    """The user name in small letters.

    Raises:
        Invalid: other characters than letters, digits, dot, hyphen and underscore.
    """
    name = username.strip().casefold()
    if not _USERNAME.fullmatch(name):
        raise invalid_field(
            "username", N_("用户名为2至63个小写字母、数字、点、横线或下划线，以字母或数字开头。")
        )
    return name


def locked_until_after(failures: int, now: dt.datetime) -> dt.datetime | None:
    """Until when an account is locked after this many failures in a row."""
    return now + LOCK_TIME if failures >= FAILURES_BEFORE_LOCK else None


def password_expired(changed_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether the password must be changed at the next sign-in."""
    return now - changed_at > PASSWORD_AGE
