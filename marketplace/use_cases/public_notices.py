"""What the public reads: published notices alone. Nothing here knows of a draft."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH, TIMESTAMP
from sqlalchemy.orm import Session, aliased, load_only

from marketplace.db.auctions import Notice, PublicPhoto
from marketplace.domain.auctions import Phase
from marketplace.domain.errors import NotFound
from marketplace.domain.notices import NUMBER, NoticeKind
from marketplace.domain.text import N_, clean

PAGE = 20
FEED = 50
NOTHING_YET = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""Last change of a list in which nothing was published yet."""
_ENDED = (NoticeKind.TERMINATION, NoticeKind.RESULT, NoticeKind.UNSOLD)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for."""

    q: str = ""
    region: str = ""
    """Name of a region."""
    category: str = ""
    """Name of a broad class."""
    phase: Phase | None = None
    before: int = 0
    """Only what was published before the notice with this id; 0 for the newest."""

    @property
    def is_own(self) -> bool:
        """Whether it is somebody's own search, that hardly anybody else has."""
        return bool(self.q or self.region or self.category or self.before)


def read_number(number: str) -> str:
    """The number of a notice, before anything is looked up.

    Raises:
        NotFound: it can't be one.
    """
    if not NUMBER.fullmatch(number):
        raise NotFound(N_("没有找到这份公告，请核对编号。"))
    return number


def newest(session: Session, wish: Wish, now: dt.datetime, today: dt.date) -> Sequence[Notice]:
    """The newest version of each number that fits, newest first: one more than ``PAGE`` if there are more."""
    query = _current().where(*_conditions(wish, now, today))
    return session.scalars(query.order_by(Notice.id.desc()).limit(PAGE + 1)).all()


def feed(session: Session) -> Sequence[Notice]:
    """The newest notices, every version of its own."""
    return session.scalars(select(Notice).order_by(Notice.id.desc()).limit(FEED)).all()


def addresses(session: Session) -> Sequence[Notice]:
    """Number and time of every number's newest version, for a map of the site (its format allows 50,000)."""
    query = _current().options(load_only(Notice.number, Notice.version, Notice.published_at))
    return session.scalars(query.order_by(Notice.id.desc()).limit(50_000)).all()


def versions(session: Session, number: str) -> Sequence[Notice]:
    """Every version of a number, the oldest first.

    Raises:
        NotFound: nothing was published under it.
    """
    found = session.scalars(select(Notice).where(Notice.number == number).order_by(Notice.version)).all()
    if not found:
        raise NotFound(N_("没有找到这份公告，请核对编号。"))
    return found


def choices(session: Session) -> tuple[list[str], list[str]]:
    """Regions and broad classes of what is published."""
    region = Notice.content["region"]["name"].astext
    regions = session.scalars(select(region).distinct().order_by(region)).all()
    lot = func.jsonb_array_elements(Notice.content["lots"]).table_valued("value").lateral()
    name = (
        func.jsonb_array_elements_text(cast(lot.c.value, JSONB)["categories"]).table_valued("value").lateral()
    )
    query = select(name.c.value).select_from(Notice).join(lot, true()).join(name, true())
    return [one for one in regions if one], list(session.scalars(query.distinct().order_by(name.c.value)))


def is_public(session: Session, digest: str) -> bool:
    """Whether a published notice shows the picture with this content hash."""
    return session.get(PublicPhoto, digest) is not None


def _current() -> Select[Notice]:
    later = aliased(Notice)
    newer = select(later.id).where(later.number == Notice.number, later.version > Notice.version)
    return select(Notice).where(~newer.exists())


def _conditions(wish: Wish, now: dt.datetime, today: dt.date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if words := clean(wish.q).split():
        found += [_says(word) for word in words[:8]]
    if wish.region:
        found.append(Notice.content["region"]["name"].astext == wish.region)
    if wish.category:
        path = cast("$.lots[*].categories[*] ? (@ == $name)", JSONPATH)
        found.append(
            func.jsonb_path_exists(Notice.content, path, func.jsonb_build_object("name", wish.category))
        )
    if wish.phase is not None:
        found.append(_in_phase(wish.phase, now, today))
    if wish.before:
        found.append(Notice.id < wish.before)
    return found


def _says(word: str) -> ColumnElement[bool]:
    lots = cast(Notice.content["lots"], Text)
    return or_(
        Notice.number.icontains(word, autoescape=True),
        Notice.content["terms"]["title"].astext.icontains(word, autoescape=True),
        Notice.content["terms"]["consignor"].astext.icontains(word, autoescape=True),
        lots.icontains(word, autoescape=True),
    )


def _in_phase(phase: Phase, now: dt.datetime, today: dt.date) -> ColumnElement[bool]:
    """The SQL twin of :func:`marketplace.domain.auctions.phase_of`; a test holds the two together."""
    starts = cast(Notice.content["starts_at"].astext, TIMESTAMP(timezone=True))
    ends = cast(Notice.content["ends_at"].astext, TIMESTAMP(timezone=True))
    seen = Notice.content["viewing_from"].astext <= today.isoformat()
    going_on = and_(Notice.kind.not_in(_ENDED), ends > now)
    if phase is Phase.FINISHED:
        return ~going_on
    if phase is Phase.BIDDING:
        return and_(going_on, starts <= now)
    return and_(going_on, starts > now, seen if phase is Phase.VIEWING else ~seen)
