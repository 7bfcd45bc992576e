"""Pages for people and for the public beside a page that says two letters, on the same kind of server."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import urllib3
from sqlalchemy import text

from bench.figures import Record, latencies, rates
from bench.load import CLIENTS, drive, question, rate
from bench.site import Site
from marketplace.db.session import SessionFactory

PAGES = {
    "inbox of an approver": ("tang.approver", "/inbox"),
    "inbox of an officer": ("han.officer", "/inbox"),
    "orders, mine": ("li.staff", "/orders?box=mine"),
    "orders, incoming": ("guo.warehouse", "/orders?box=incoming"),
    "orders, outgoing": ("guo.warehouse", "/orders?box=outgoing"),
    "orders, waiting": ("guo.warehouse", "/orders?box=waiting"),
    "orders, ended": ("guo.warehouse", "/orders?box=ended"),
    "idle flags": ("guo.warehouse", "/idle"),
    "asset": ("li.staff", "/assets/{asset}"),
}
"""Each page with its reader: both cities have people who see all of it, however large it grows."""
ASKED = 20
"""Times in a row in one round."""
AT_ONCE = 32
SECONDS = 1.0
"""How long each turn of the throughput of public pages takes."""
ASKED_FOR = "SELECT DISTINCT asset_id FROM order_lines ORDER BY asset_id LIMIT :count"
"""Assets with a history, the same at every size."""
NEWEST = "SELECT number FROM notices WHERE number NOT LIKE 'PM2020%' ORDER BY id DESC LIMIT 1"


def questions(sessions: SessionFactory, site: Site) -> dict[str, Sequence[bytes]]:
    """What is asked for by page; the page of an asset for another asset each time."""
    with sessions() as session:
        assets = session.scalars(text(ASKED_FOR), {"count": ASKED}).all()
    cookies = {reader: site.signed_in(reader) for reader, _ in PAGES.values()}
    return {
        name: [question(path.format(asset=asset), Cookie=cookies[reader]) for asset in assets]
        for name, (reader, path) in PAGES.items()
    }


def measure(sessions: SessionFactory, site: Site, bare: Site, record: Record, rounds: int) -> None:
    """One reader, page after page; the first round warms up."""
    pages = questions(sessions, site)
    times: dict[str, list[float]] = {name: [] for name in ("bare", *pages)}
    for turn in range(2 * rounds + 1):
        for name in times:
            port, asked = (site.port, pages[name]) if name in pages else (bare.port, [question("/")] * ASKED)
            took = drive(port, [asked])
            times[name] += took if turn else []
    for name in pages:
        record.add(f"page.{name}", latencies(times[name], times["bare"]))


def measure_public(sessions: SessionFactory, site: Site, bare: Site, record: Record, rounds: int) -> None:
    """How many answers a second servers with one worker give to a crowd."""
    with sessions() as session:
        number = session.scalar(text(NEWEST))
    page = f"/auctions/{number}"
    tag = urllib3.request("GET", f"http://127.0.0.1:{site.port}{page}", timeout=60).headers["ETag"]
    asked = {
        "list": question("/auctions"),
        "auction": question(page),
        "auction, unchanged": question(page, If_None_Match=str(tag)),
    }
    answered: dict[str, list[float]] = {name: [] for name in ("bare", *asked)}
    with ProcessPoolExecutor(CLIENTS) as pool:
        for turn in range(rounds + 1):
            for name in answered:
                port = site.port if name in asked else bare.port
                found = rate(pool, port, asked.get(name, question("/")), AT_ONCE, SECONDS)
                answered[name] += [found] if turn else []
    for name in asked:
        record.add(f"public.{name}", rates(answered[name], answered["bare"]))
