"""Invented people: names for cards and listings, and the accounts one can sign in with."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from sqlalchemy.orm import Session

from marketplace.db.people import RoleGrant, User
from marketplace.demo.chance import Dice
from marketplace.demo.places import Place
from marketplace.demo.rows import reserve_ids, write
from marketplace.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from marketplace.use_cases.accounts import hash_password

PASSWORD = "Gongwucang-2026"  # noqa: S105 - printed for everyone who tries the demo
"""Of all demo accounts."""

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余杜叶程苏魏丁姚"
_GIVEN = ("建志晓国文子宇思佳俊雅明玉秀立永德学慧长", "华强东燕庆梅博涵航远怡杰婷辉兰芳群康胜敏青")
"""First and second character of given names."""


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account: who, at home where, with which roles over which units."""

    username: str
    name: str
    unit: str
    grants: tuple[tuple[Role, str], ...]

    @property
    def roles(self) -> tuple[Role, ...]:
        """The distinct roles, wherever held."""
        return tuple(dict.fromkeys(role for role, _ in self.grants))


def accounts() -> list[Account]:
    """All demo accounts."""
    table = resources.files("marketplace.demo").joinpath("users.csv").read_text(encoding="utf-8")
    return [
        Account(row["username"], row["name"], row["unit"], _grants(row["grants"], row["unit"]))
        for row in csv.DictReader(table.splitlines())
    ]


def demo_accounts() -> list[dict[str, Any]]:
    """``username``, ``password``, ``unit`` (code) and ``roles`` of each account."""
    return [
        {"username": a.username, "password": PASSWORD, "unit": a.unit, "roles": list(map(str, a.roles))}
        for a in accounts()
    ]


def load_users(session: Session, now: dt.datetime, places: Mapping[str, Place]) -> dict[int, int]:
    """Make the accounts; gives the ids of those who may list assets, by the unit the right is rooted at."""
    everyone = accounts()
    people = dict(zip(reserve_ids(session, User, len(everyone)), everyone, strict=True))
    # Hashing is slow on purpose; equal passwords share one hash here, as real accounts never do.
    password_hash = hash_password(PASSWORD)
    users = [
        {
            "id": user_id,
            "username": account.username,
            "name": account.name,
            "password_hash": password_hash,
            "home_unit_id": places[account.unit].id,
            "email": f"{account.username}@example.invalid",
            "password_changed_at": now,
            "created_at": now,
        }
        for user_id, account in people.items()
    ]
    held = [
        {"user_id": user_id, "role": role, "unit_id": places[unit].id}
        for user_id, account in people.items()
        for role, unit in account.grants
    ]
    write(session, User, users)
    write(session, RoleGrant, held)
    return _listers(held)


def lister_for(listers: Mapping[int, int], path: Iterable[int]) -> int | None:
    """Whoever may list assets of the unit at ``path`` and stands nearest to it."""
    return next((listers[unit] for unit in reversed(list(path)) if unit in listers), None)


def invented_name(chance: Dice) -> str:
    """A common surname with a common given name."""
    return chance.choice(_SURNAMES) + "".join(map(chance.choice, _GIVEN))


def invented_phone(chance: Dice) -> str:
    """A number that can't be dialled: no area has the code 0000."""
    return f"0000-8{chance.randint(0, 9_999_999):07d}"


def _grants(written: str, home: str) -> tuple[tuple[Role, str], ...]:
    """Roles, each with the code of its unit after an @ where that is not the home unit."""
    parts = (grant.partition("@") for grant in written.split())
    return tuple((Role(role), unit or home) for role, _, unit in parts)


def _listers(held: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    return {
        grant["unit_id"]: grant["user_id"]
        for grant in held
        if Permission.LIST_ASSETS in ROLE_PERMISSIONS[grant["role"]]
    }
