"""Pages about orders with 100 and with 10,000 orders in every state, over HTTP, by turns.

Two databases with the same register hold few and many orders; all of them concern the readers, so that the
larger number is not hidden behind what each may see. The goal is a ratio of 1.5 at most.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import urllib3
from sqlalchemy import text

from bench import register
from bench.order_rows import fill, listed
from marketplace.config import Settings, from_environment
from marketplace.db import migrate
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.demo.people import PASSWORD
from marketplace.engines import process
from marketplace.engines.embedded import engines
from marketplace.serve import child_environment
from search import rebuild
from search.engine import Engine
from tests.servers import free_port

FEW, MANY = 100, 10_000
CARDS = 30_000
ROUNDS, WARM_UP = 60, 10
PAGES = {
    "inbox_approver": ("tang.approver", "/inbox"),
    "inbox_officer": ("han.officer", "/inbox"),
    "list_mine": ("li.staff", "/orders?box=mine"),
    "list_incoming": ("guo.warehouse", "/orders?box=incoming"),
    "list_outgoing": ("guo.warehouse", "/orders?box=outgoing"),
    "list_waiting": ("guo.warehouse", "/orders?box=waiting"),
    "list_ended": ("guo.warehouse", "/orders?box=ended"),
    "asset": ("li.staff", "/assets/{asset}"),
}
"""Each page with its reader: both have people whose scope is the whole city."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=CARDS, help="at most so many cards are made")
    cards = min(parser.parse_args().cards, CARDS)
    with tempfile.TemporaryDirectory() as home, engines(from_environment({"GWC_HOME": home})) as settings:
        few, many = _prepare(settings, cards)
        with _served(few) as one, _served(many) as other:
            _measure(one, other, listed(few, ROUNDS))


def _prepare(settings: Settings, cards: int) -> tuple[Settings, Settings]:
    engine = make_engine(settings.database_url)
    migrate.upgrade(engine)
    with transaction(make_sessions(engine)) as session:
        register.build(session, cards)
    rebuild.ensure_index(make_sessions(engine), Engine(settings))
    name = engine.url.database
    engine.dispose()
    many = dataclasses.replace(settings, database_url=_beside(settings.database_url, "many_orders"))
    server = make_engine(_beside(settings.database_url, "postgres")).execution_options(
        isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE many_orders TEMPLATE "{name}"'))
    server.dispose()
    fill(settings, FEW)
    fill(many, MANY)
    return settings, many


def _beside(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@contextlib.contextmanager
def _served(settings: Settings) -> Iterator[str]:
    """The address of a web server on this database."""
    port = free_port()
    log = Path(settings.home) / f"web-{port}.log"
    env = child_environment(settings) | {"PORT": str(port), "WORKERS": "1"}
    web = process.spawn([sys.executable, "-m", "marketplace.cli", "web"], env=env, log=log)
    address = f"http://127.0.0.1:{port}"
    try:
        if not process.wait_until(lambda: _alive(address), seconds=60):
            sys.exit(process.tail(log, 40))
        yield address
    finally:
        process.stop(web)


def _measure(few: str, many: str, assets: list[int]) -> None:
    readers = {reader for reader, _ in PAGES.values()}
    pools = {(site, reader): _signed_in(site, reader) for site in (few, many) for reader in readers}
    for name, (reader, path) in PAGES.items():
        times: dict[str, list[float]] = {few: [], many: []}
        for turn in range(ROUNDS + WARM_UP):
            page = path.format(asset=assets[turn % len(assets)])
            for site in (few, many) if turn % 2 else (many, few):
                passed = _timed(pools[site, reader], site + page)
                if turn >= WARM_UP:
                    times[site].append(passed)
        _report(name, times[few], times[many])


def _report(name: str, few: list[float], many: list[float]) -> None:
    for word, at in (("p50", 50), ("p95", 95)):
        one, other = (statistics.quantiles(times, n=100)[at - 1] for times in (few, many))
        values = {"few_ms": round(one, 2), "many_ms": round(other, 2), "ratio": round(other / one, 2)}
        figure = {"figure": f"orders_{name}_{word}", "few": FEW, "many": MANY, **values}
        print(json.dumps(figure), flush=True)


Get = Callable[[str], bytes]


def _signed_in(site: str, username: str) -> Get:
    """Fetches pages as somebody who went through the sign-in page."""
    pool = urllib3.PoolManager(retries=False)
    cookies: dict[str, str] = {}

    def ask(method: str, url: str, fields: dict[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = pool.request(method, url, body=urlencode(fields or {}), headers=headers, redirect=False)
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        return answer

    page = ask("GET", f"{site}/login").data.decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    sent = {"csrf_token": token[1], "username": username, "password": PASSWORD}
    assert ask("POST", f"{site}/login", sent).status in (302, 303)

    def get(url: str) -> bytes:
        answer = ask("GET", url)
        assert answer.status == 200, (url, answer.status, answer.data[:300])
        return answer.data

    return get


def _timed(get: Get, url: str) -> float:
    started = time.perf_counter()
    get(url)
    return (time.perf_counter() - started) * 1000


def _alive(address: str) -> bool:
    try:
        return urllib3.request("GET", f"{address}/healthz", timeout=1, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


if __name__ == "__main__":
    main()
