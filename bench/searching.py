"""Search while typing: the program beside the same queries sent straight to Meilisearch.

What is typed is recorded in ``queries.txt``, one search a line, and asked for letter by letter. As a person
sees it (the part of the page that changes, with marks and counts) and as a program does (the interface).
The engine is asked for the same hits, marks and counts with the same filter in one query.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import orjson
from sqlalchemy import select

from bench.figures import Record, latencies
from bench.load import Script, drive, question
from bench.site import Site
from marketplace.config import Settings
from marketplace.db import actors
from marketplace.db.people import User
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.finding import Wish, reach_of
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases.accounts import issue_token
from marketplace.web.search import PAGE
from search import queries

SEARCHER = "zhang.staff"
USERS = (1, 50)
WARM_UP = 40
TYPED = Path(__file__).with_name("queries.txt").read_text(encoding="utf-8").split("\n")[:-1]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to ask the program, and what to ask the engine for instead."""

    name: str
    ask: Callable[[str], bytes]
    wish: Wish


def measure(settings: Settings, sessions: SessionFactory, site: Site, record: Record, rounds: int) -> None:
    engine = urlsplit(settings.meili_url).port or 80
    for way in _ways(sessions, site):
        straight = _straight(settings, sessions, way.wish)
        scripts = {
            site.port: [_typing(typed, way.ask) for typed in TYPED],
            engine: [_typing(typed, straight) for typed in TYPED],
        }
        for users in USERS:
            refused: list[float] = []
            ours, bare = _by_turns(scripts, users, rounds, refused)
            figure = latencies(ours, bare) | {"refused": len(refused)}
            record.add(f"search.{way.name}, {users} at once", figure)


def _by_turns(
    scripts: dict[int, list[Script]], users: int, rounds: int, refused: list[float]
) -> tuple[list[float], ...]:
    """The same searches at both, a few at a time, each first by turns; after some to warm up.

    Whoever is told to come again, because too many ask, is counted in ``refused``.
    """
    times: dict[int, list[float]] = {port: [] for port in scripts}
    few = max(10, 4 * users)
    for port, typed in scripts.items():
        drive(port, typed[:WARM_UP], users, refused=[])
    for turn in range(rounds):
        for number, start in enumerate(range(0, len(TYPED), few)):
            for port in sorted(scripts, reverse=(turn + number) % 2 == 1):
                times[port] += drive(port, scripts[port][start : start + few], users, refused=refused)
    return tuple(times[port] for port in scripts)


def _typing(typed: str, ask: Callable[[str], bytes]) -> Script:
    return [ask(letters) for letters in itertools.accumulate(typed) if letters.strip()]


def _ways(sessions: SessionFactory, site: Site) -> Sequence[Way]:
    cookie, token = site.signed_in(SEARCHER), _token(sessions)
    return (
        Way(
            "page",
            lambda q: question(f"/search?q={quote(q)}", Cookie=cookie, HX_Request="true"),
            Wish(limit=PAGE),
        ),
        Way(
            "interface",
            lambda q: question(f"/api/v1/assets?q={quote(q)}", Authorization=f"Bearer {token}"),
            Wish(marked=False),
        ),
    )


def _token(sessions: SessionFactory) -> str:
    with transaction(sessions) as session:
        user = session.scalars(select(User).where(User.username == SEARCHER)).one()
        return issue_token(session, PLATFORM, user.created_at, user, "bench")


def _straight(settings: Settings, sessions: SessionFactory, wish: Wish) -> Callable[[str], bytes]:
    """The one query that brings all that the program answers."""
    with sessions() as session:
        user = session.scalars(select(User.id).where(User.username == SEARCHER)).one()
        found = actors.by_user(session, user)
    assert found is not None
    scope = queries.scope(reach_of(found.actor), listed=True)
    assert scope is not None
    path = f"/indexes/{settings.index_name}/search"

    def ask(letters: str) -> bytes:
        typed = Wish(q=letters, origin=found.home_position, limit=wish.limit, marked=wish.marked)
        body = queries.Plan(typed, scope, None).hits() | queries.COUNT_ALL
        return question(path, orjson.dumps(body), Authorization=f"Bearer {settings.meili_key}")

    return ask
