"""Public pages of auctions against a bare page on the same kind of server, by turns.

One worker process each, so that the server and not the client is what is measured. The goal is at least 0.7
of the bare page's answers a second. Pages that a browser has already are answered without a body.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

import urllib3

from bench.load import CLIENTS, rate
from marketplace.config import Settings, from_environment
from marketplace.db import migrate
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.engines import process
from marketplace.engines.embedded import engines
from marketplace.serve import child_environment
from search import rebuild
from search.engine import Engine
from tests import factories
from tests.servers import free_port
from tests.use_cases.selling import Office, office_at

NOTICES = 30
LOTS = 6
CONNECTIONS = (8, 32, 128)
ROUNDS = 5
SECONDS = 0.8
LIMIT = 0.7


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=0, help="not used: a public page shows one notice")
    parser.parse_args()
    with tempfile.TemporaryDirectory() as home, engines(from_environment({"GWC_HOME": home})) as settings:
        number = _prepare(settings)
        with (
            _served(settings, "bench.bare") as bare,
            _served(settings, "marketplace.cli", "web") as port,
            ProcessPoolExecutor(CLIENTS) as pool,
        ):
            for connections in CONNECTIONS:
                _measure(pool, bare, port, number, connections)


def _prepare(settings: Settings) -> str:
    """Thirty notices; the number of the newest."""
    engine = make_engine(settings.database_url)
    migrate.upgrade(engine)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        region = factories.unit(session, code="380100", name="江州市", region_name="江州市")
        desk = office_at(session, region, factories.unit(session, region, code="JY-1", name="第一中学"))
        numbers = [_publish(desk) for _ in range(NOTICES)]
    rebuild.ensure_index(sessions, Engine(settings))
    engine.dispose()
    return numbers[-1]


def _publish(desk: Office) -> str:
    return desk.published(*(desk.card(f"公务用车{lot}") for lot in range(LOTS))).number


@contextlib.contextmanager
def _served(settings: Settings, *command: str) -> Iterator[int]:
    """The port of a server with one worker."""
    port = free_port()
    log = Path(settings.home) / f"web-{port}.log"
    env = child_environment(settings) | {"PORT": str(port), "WORKERS": "1"}
    web = process.spawn([sys.executable, "-m", *command], env=env, log=log)
    try:
        if not process.wait_until(lambda: _answers(port), seconds=60):
            sys.exit(process.tail(log, 40))
        yield port
    finally:
        process.stop(web)


def _measure(pool: Executor, bare: int, port: int, number: str, connections: int) -> None:
    pages = {"list": "/auctions", "page": f"/auctions/{number}", "version": f"/auctions/{number}/v1"}
    tags = {path: _tag(port, path) for path in pages.values()}
    turns: dict[str, Callable[[], float]] = {
        "bare": lambda: rate(pool, bare, "/", connections, SECONDS),
        **{name: _asking(pool, port, path, connections) for name, path in pages.items()},
        "unchanged": lambda: rate(
            pool, port, pages["page"], connections, SECONDS, If_None_Match=tags[pages["page"]]
        ),
    }
    rates: dict[str, list[float]] = {name: [] for name in turns}
    for number_of_turn in range(ROUNDS + 1):
        for name, turn in turns.items():
            answered = turn()
            if number_of_turn:  # the first warms up
                rates[name].append(answered)
    for name in list(turns)[1:]:
        _report(name, connections, rates["bare"], rates[name])


def _asking(pool: Executor, port: int, path: str, connections: int) -> Callable[[], float]:
    return lambda: rate(pool, port, path, connections, SECONDS)


def _report(name: str, connections: int, bare: list[float], page: list[float]) -> None:
    ratio = statistics.median(one / other for one, other in zip(page, bare, strict=True))
    figure = {
        "figure": f"public_{name}",
        "connections": connections,
        "bare_per_second": round(statistics.median(bare)),
        "per_second": round(statistics.median(page)),
        "ratio": round(ratio, 2),
        "limit": LIMIT,
    }
    print(json.dumps(figure), flush=True)


def _tag(port: int, path: str) -> str:
    return str(urllib3.request("GET", f"http://127.0.0.1:{port}{path}").headers["ETag"])


def _answers(port: int) -> bool:
    try:
        return urllib3.request("GET", f"http://127.0.0.1:{port}/", timeout=1, retries=False).status < 400
    except urllib3.exceptions.HTTPError:
        return False


if __name__ == "__main__":
    main()
