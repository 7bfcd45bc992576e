"""What the processes weigh after people of every kind have been at work for a while."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from urllib.parse import quote

from bench import pages, site
from bench.figures import Record, latencies
from bench.load import Script, drive, question
from bench.searching import SEARCHER, TYPED
from bench.site import Site
from marketplace.config import Settings
from marketplace.db.session import SessionFactory

USERS = 50
SIGNED_IN_SECONDS = 240


def measure(
    settings: Settings, sessions: SessionFactory, web: Site, jobs: int, record: Record, minutes: float
) -> None:
    refused: list[float] = []
    times = drive(web.port, _days(sessions, web), USERS, 60 * minutes, refused)
    figure = {"minutes": minutes, "users": USERS, "per_second": len(times) / 60 / minutes}
    record.add("load", {**figure, "refused": len(refused), **_own(times)})
    workers = site.children(web.pid)
    for name, pids in (("web server", [web.pid]), ("web worker", workers), ("jobs", [jobs])):
        now, most = max(map(site.rss_mb, pids)), max(map(site.peak_mb, pids))
        record.add(f"memory.{name}", {"processes": len(pids), "mb": now, "peak_mb": most})
    for name in ("meilisearch", "postgres"):
        found = site.named(settings.home, name)
        found += [one for pid in found for one in site.children(pid) if one not in found]
        record.add(f"memory.{name}", {"processes": len(found), "mb": site.shared_out_mb(found)})


def _own(times: list[float]) -> dict[str, float]:
    return {
        name: value
        for name, value in latencies(times, times).items()
        if name in ("p50_ms", "p95_ms", "p99_ms")
    }


def _days(sessions: SessionFactory, web: Site) -> Iterator[Script]:
    """What people do: they type a search, then open some pages. The same sequence every time.

    They sign in again and again: the cookies that answers bring are not kept here, and whoever comes
    with an old one counts as gone for long.
    """
    chance = random.Random(5)
    while True:
        cookie, until = web.signed_in(SEARCHER), time.monotonic() + SIGNED_IN_SECONDS
        opened = list(itertools.chain(*pages.questions(sessions, web).values(), [question("/auctions")]))
        while time.monotonic() < until:
            typed = chance.choice(TYPED)
            letters = [typed[:end] for end in range(1, len(typed) + 1)]
            searched = [
                question(f"/search?q={quote(q)}", Cookie=cookie, HX_Request="true")
                for q in letters
                if q.strip()
            ]
            yield [*searched, *chance.sample(opened, 3)]
