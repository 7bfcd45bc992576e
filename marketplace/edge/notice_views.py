"""A published notice as pages, feeds and programs show it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from marketplace.db.auctions import Notice
from marketplace.domain.auctions import PHASE_NAMES, Phase, phase_of
from marketplace.domain.notices import NOTICE_NAMES, NoticeKind
from marketplace.domain.text import N_
from marketplace.edge.context import services

OVER = {
    NoticeKind.TERMINATION: N_("已终止"),
    NoticeKind.RESULT: N_("已成交"),
    NoticeKind.UNSOLD: N_("流拍"),
}
TONES = {
    Phase.UPCOMING: ("ink", "calendar"),
    Phase.VIEWING: ("ok", "eye"),
    Phase.BIDDING: ("seal", "gavel"),
    Phase.FINISHED: ("", "archive"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page draws of a notice: its content, and where the auction stands by the clock."""

    content: dict[str, Any]
    kind: NoticeKind
    version: int
    digest: str
    published_at: dt.datetime
    phase: Phase

    @property
    def kind_name(self) -> str:
        """The kind in words."""
        return NOTICE_NAMES[self.kind]

    @property
    def standing(self) -> str:
        """Where it stands, in words."""
        if self.kind is NoticeKind.SUSPENSION:
            return N_("已中止")
        return OVER.get(self.kind) or PHASE_NAMES[self.phase]

    @property
    def tone(self) -> tuple[str, str]:
        """Colour and icon of its badge."""
        if self.kind is NoticeKind.SUSPENSION:
            return ("warn", "player-pause")
        return ("final", "rubber-stamp") if self.kind is NoticeKind.RESULT else TONES[self.phase]

    @property
    def until(self) -> str:
        """The moment to count down to; empty when there is nothing to wait for."""
        if self.kind is NoticeKind.SUSPENSION or self.phase is Phase.FINISHED:
            return ""
        return str(self.content["ends_at" if self.phase is Phase.BIDDING else "starts_at"])

    @property
    def cover(self) -> dict[str, Any] | None:
        """The first photo of all lots."""
        return next((photo for lot in self.content["lots"] for photo in lot["photos"]), None)


def shown(notice: Notice, now: dt.datetime) -> Shown:
    """A kept notice, ready to draw."""
    return of_content(notice.content, notice.kind, notice.version, notice.digest, notice.published_at, now)


def of_content(
    content: dict[str, Any],
    kind: NoticeKind,
    version: int,
    digest: str,
    published_at: dt.datetime,
    now: dt.datetime,
) -> Shown:
    """A notice from its parts: a preview has no digest yet, and perhaps no dates."""
    return Shown(content, kind, version, digest, published_at, _phase(content, kind, now))


def _phase(content: dict[str, Any], kind: NoticeKind, now: dt.datetime) -> Phase:
    if kind in OVER:
        return Phase.FINISHED
    if not (content["starts_at"] and content["ends_at"] and content["viewing_from"]):
        return Phase.UPCOMING
    zone = ZoneInfo(services().settings.time_zone)
    return phase_of(
        dt.date.fromisoformat(content["viewing_from"]),
        dt.datetime.fromisoformat(content["starts_at"]),
        dt.datetime.fromisoformat(content["ends_at"]),
        now,
        now.astimezone(zone).date(),
    )


def absolute(endpoint: str, **values: Any) -> str:
    """A public address in full, the same for every reader."""
    return services().settings.public_url + url_for(endpoint, **values)


def linked_data(one: Shown) -> dict[str, Any]:
    """The notice in the words of schema.org."""
    content = one.content
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "SaleEvent",
        "name": content["terms"].get("title", ""),
        "identifier": content["number"],
        "url": absolute("public_auctions.page", number=content["number"]),
        "startDate": content["starts_at"],
        "endDate": content["ends_at"],
        "eventStatus": "https://schema.org/" + _event_status(one.kind),
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": {
            "@type": "VirtualLocation",
            "url": absolute("public_auctions.page", number=content["number"]),
        },
        "organizer": {"@type": "Organization", "name": content["terms"].get("consignor", "")},
        "offers": [_offer(lot) for lot in content["lots"]],
    }
    if one.cover:
        data["image"] = [absolute("public_auctions.photo", digest=one.cover["digest"], size="large")]
    return data


def _event_status(kind: NoticeKind) -> str:
    if kind is NoticeKind.TERMINATION:
        return "EventCancelled"
    return "EventPostponed" if kind is NoticeKind.SUSPENSION else "EventScheduled"


def _offer(lot: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "price": lot["start_price"],
        "priceCurrency": "CNY",
        "itemOffered": {"@type": "Product", "name": lot["name"], "description": lot["defects"]},
    }


def summary(one: Shown) -> dict[str, Any]:
    """A notice in a list for programs."""
    content = one.content
    return {
        "number": content["number"],
        "version": one.version,
        "kind": one.kind,
        "title": content["terms"].get("title", ""),
        "consignor": content["terms"].get("consignor", ""),
        "region": content["region"],
        "phase": one.phase,
        "viewing_from": content["viewing_from"],
        "viewing_until": content["viewing_until"],
        "starts_at": content["starts_at"],
        "ends_at": content["ends_at"],
        "lots": [
            {name: lot[name] for name in ("number", "name", "start_price", "deposit", "categories")}
            for lot in content["lots"]
        ],
        "url": absolute("public_auctions.page", number=content["number"]),
        "published_at": one.published_at.isoformat(),
        "digest": one.digest,
    }


def whole(one: Shown, versions: Sequence[Notice]) -> dict[str, Any]:
    """A notice with all it says and its other versions, for programs."""
    return {
        **one.content,
        "phase": one.phase,
        "digest": one.digest,
        "url": absolute("public_auctions.page", number=one.content["number"]),
        "versions": [
            {
                "version": row.version,
                "kind": row.kind,
                "published_at": row.published_at.isoformat(),
                "digest": row.digest,
            }
            for row in versions
        ],
    }
