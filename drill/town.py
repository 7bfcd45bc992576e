"""What a drill begins with: a register, people with tokens, and an auction that is ready to be published."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.config import Settings, from_environment
from marketplace.db import actors, migrate
from marketplace.db.assets import Asset
from marketplace.db.people import Unit, User
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.demo.load import SEED, load_registers
from marketplace.demo.people import load_users
from marketplace.demo.places import load_units
from marketplace.domain.assets import Condition
from marketplace.domain.disposals import REQUIREMENTS, Way, Why
from marketplace.domain.permissions import PLATFORM, Actor
from marketplace.domain.states import AssetState
from marketplace.engines.embedded import engines
from marketplace.media.store import FolderStore
from marketplace.reference.catalogue import load_reference
from marketplace.use_cases import (
    accounts,
    assets,
    auction_drafts,
    auctions,
    disposal_decisions,
    disposal_preparation,
    photos,
)
from search import rebuild
from search.engine import Engine

ZONE = ZoneInfo("Asia/Shanghai")
MANAGER = "guo.warehouse"
SECOND = "luo.finance"
"""Approves what the manager prepares."""
AUCTIONS = 2
PEOPLE = {
    "JZ10301": {
        "unit_asset_officer": "wang.officer",
        "staff": "li.staff",
        "unit_approver": "zhao.approver",
    },
    "JZ10401": {
        "unit_asset_officer": "chen.officer",
        "staff": "liu.staff",
        "unit_approver": "yang.approver",
    },
    "JZ10501": {
        "unit_asset_officer": "huang.officer",
        "staff": "zhou.staff",
        "unit_approver": "wu.approver",
    },
}
"""Three schools, offices and hospitals of different departments: who does what there."""
TERMS = {
    "title": "报废资产拍卖公告",
    "consignor": "江州市机关事务管理局",
    "decision": "江财资〔2026〕8号",
    "platform": "江州市公共资源交易平台",
    "viewing_place": "江州市学府路1号",
    "contact": "李老师",
    "phone": "0570-1234567",
    "supervision": "0570-7654321",
}


@dataclass(frozen=True, slots=True)
class Town:
    """What the drill knows of its mould."""

    tokens: Mapping[str, str]
    """By user name."""
    auctions: tuple[int, ...]
    """Approved, not yet published."""


def build(home: Path, now: dt.datetime, *, cards: bool = True) -> Town:
    """Fill a home with people and their tokens, 5,000 cards and auctions; nothing runs there afterwards.

    Without ``cards`` that takes a few seconds, and there are no auctions either.
    """
    with engines(from_environment({"GWC_HOME": str(home)})) as settings:
        engine = make_engine(settings.database_url)
        migrate.upgrade(engine)
        sessions = make_sessions(engine)
        with transaction(sessions) as session:
            load_reference(session)
            if cards:
                load_registers(session, now, SEED)
            else:
                load_users(session, now, load_units(session, SEED))
        with transaction(sessions) as session:
            ready = tuple(_auction(session, settings, now, serial) for serial in range(AUCTIONS * cards))
            names = [*(name for unit in PEOPLE.values() for name in unit.values()), MANAGER]
            tokens = {name: _token(session, now, name) for name in names}
        rebuild.rebuild(sessions, Engine(settings))
        engine.dispose()
    return Town(tokens, ready)


def picture(seed: int, size: tuple[int, int] = (480, 360)) -> bytes:
    """A photo like no other: coarse noise, which no compression makes small."""
    red, green, blue = seed * 53 % 256, seed * 97 % 256, seed * 193 % 256
    image = Image.effect_noise(size, 90).convert("RGB")
    image.paste((red, green, blue), (40, 40, 200, 200))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def _token(session: Session, now: dt.datetime, username: str) -> str:
    user = session.scalars(select(User).where(User.username == username)).one()
    return accounts.issue_token(session, PLATFORM, now, user, "drill")


def _who(session: Session, username: str) -> Actor:
    user_id = session.scalars(select(User.id).where(User.username == username)).one()
    found = actors.by_user(session, user_id)
    assert found is not None
    return found.actor


def _auction(session: Session, settings: Settings, now: dt.datetime, serial: int) -> int:
    """An auction of two broken cards, prepared by one and approved by another."""
    manager, second = _who(session, MANAGER), _who(session, SECOND)
    today = now.astimezone(ZONE).date()
    cards = [_broken(session, settings, now, 10 * serial + number) for number in range(2)]
    project = disposal_preparation.open_project(
        session, manager, now, today, Way.AUCTION, "报废资产处置", dict.fromkeys(cards, Why.BROKEN)
    )
    facts = {"appraiser": "江州评估有限公司", "appraised_on": today - dt.timedelta(days=20)}
    disposal_preparation.edit(session, manager, now, project.id, facts)
    worth = {item.id: (Decimal("5000.00"), "漆面划痕") for item in project.items}
    disposal_preparation.appraise(session, manager, now, project.id, worth)
    for kind, row in REQUIREMENTS.items():
        if not row.automatic:
            disposal_preparation.set_condition(session, manager, now, project.id, kind, TERMS["decision"])
    disposal_decisions.submit(session, manager, now, today, project.id)
    disposal_decisions.approve(session, second, now, today, project.id)
    return _approved(session, manager, second, now, project.id)


def _approved(session: Session, manager: Actor, second: Actor, now: dt.datetime, project_id: int) -> int:
    today = now.astimezone(ZONE).date()
    auction = auction_drafts.draft(session, manager, now, today, ZONE, project_id)
    dates = auction_drafts.Dates(
        auction.viewing_from, auction.viewing_until, auction.starts_at, auction.ends_at
    )
    auction_drafts.edit(session, manager, now, auction.id, auction.version, TERMS, dates, {})
    auctions.submit(session, manager, now, auction.id)
    auctions.approve(session, second, now, auction.id)
    return auction.id


def _broken(session: Session, settings: Settings, now: dt.datetime, serial: int) -> int:
    """A card that nobody needs, with the photo that an announcement asks for."""
    found = session.scalars(
        select(Asset)
        .join(Unit, Unit.id == Asset.unit_id)
        .where(Unit.code == "JZ10301", Asset.state == AssetState.IN_USE)
        .order_by(Asset.id)
        .offset(serial)
        .limit(1)
    ).one()
    given = {"condition": Condition.BROKEN.value}
    assets.edit(session, PLATFORM, now, found.id, found.version, given, None)
    store = FolderStore(settings.media_dir)
    photos.add_photo(session, store, PLATFORM, now, found.id, picture(serial), "照片.jpg")
    return found.id
