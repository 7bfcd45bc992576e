"""Search over HTTP beside the same query sent straight to Meilisearch."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from urllib.parse import quote

import orjson
import urllib3
from sqlalchemy import select

from bench import register
from marketplace.config import Settings, from_environment
from marketplace.db import actors, migrate
from marketplace.db.people import User
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.domain.finding import Wish, reach_of
from marketplace.domain.permissions import PLATFORM
from marketplace.engines import process
from marketplace.engines.embedded import engines
from marketplace.serve import child_environment
from marketplace.use_cases.accounts import issue_token
from search import queries, rebuild
from search.engine import Engine
from tests.servers import free_port

WORDS = (
    "笔记本电脑",
    "台式机",
    "办公桌",
    "会议桌",
    "转椅",
    "文件柜",
    "铁皮柜",
    "打印机",
    "惠普",
    "投影仪",
    "空调",
    "公务车",
    "沙发",
    "显示器",
    "服务器",
    "thinkpad",
    "bijiben",
    "kongtiao",
    "bjb",
    "E14",
    "M404",
    "联想笔记本",
    "书柜",
    "碎纸机",
    "饮水机",
    "会议椅",
    "扫描仪",
    "复印机",
    "电视",
    "相机",
)
ROUNDS = 3
WARM_UP = 40


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=100_000)
    cards = parser.parse_args().cards
    with tempfile.TemporaryDirectory() as home, engines(from_environment({"GWC_HOME": home})) as settings:
        token = _prepare(settings, cards)
        _measure(settings, token, cards)


def _prepare(settings: Settings, cards: int) -> str:
    engine = make_engine(settings.database_url)
    migrate.upgrade(engine)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        register.build(session, cards)
        user = session.scalars(select(User).where(User.username == SEARCHER)).one()
        token = issue_token(session, PLATFORM, register.NOW, user, "bench")
    started = time.perf_counter()
    rebuild.rebuild(sessions, Engine(settings))
    _print("reindex", {"cards": cards, "seconds": round(time.perf_counter() - started, 2)})
    engine.dispose()
    return token


SEARCHER = "zhang.staff"


def _measure(settings: Settings, token: str, cards: int) -> None:
    port = free_port()
    log = Path(settings.home) / "web.log"
    env = child_environment(settings) | {"PORT": str(port), "WORKERS": "2"}
    web = process.spawn([sys.executable, "-m", "marketplace.cli", "web"], env=env, log=log)
    address = f"http://127.0.0.1:{port}"
    try:
        if not process.wait_until(lambda: _alive(address), seconds=60):
            sys.exit(process.tail(log, 40))
        _compare(settings, address, token, cards)
    finally:
        process.stop(web)


def _compare(settings: Settings, address: str, token: str, cards: int) -> None:
    """Each typed prefix through the program and straight to the engine, several rounds."""
    program = urllib3.PoolManager(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
    straight = urllib3.PoolManager(
        headers={
            "Authorization": f"Bearer {settings.meili_key}",
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
        }
    )
    engine = f"{settings.meili_url}/indexes/{settings.index_name}/search"
    bodies = _bodies(settings)
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(ROUNDS):
        for number, (typed, body) in enumerate(bodies):
            asked = [
                (ours, partial(_timed, program, "GET", f"{address}/api/v1/assets?q={quote(typed)}")),
                (theirs, partial(_timed, straight, "POST", engine, body)),
            ]
            # By turns first: whichever comes second finds the processor's caches warm.
            for times, ask in asked if (turn + number) % 2 else reversed(asked):
                passed = ask()
                if turn or number >= WARM_UP:
                    times.append(passed)
    _report(ours, theirs, cards)


def _report(ours: list[float], theirs: list[float], cards: int) -> None:
    for name, at in (("p50", 50), ("p95", 95)):
        one, other = _percentile(ours, at), _percentile(theirs, at)
        _print(
            f"search_{name}",
            {
                "cards": cards,
                "queries": len(ours),
                "program_ms": round(one, 2),
                "engine_ms": round(other, 2),
                "ratio": round(one / other, 2),
            },
        )


def _bodies(settings: Settings) -> list[tuple[str, bytes]]:
    """Every prefix of every word, with the one query that brings all that the program answers.

    The program has the counts made beside the hits, by a query of their own; that is part of what is
    measured.
    """
    sessions = make_sessions(make_engine(settings.database_url))
    with sessions() as session:
        user = session.scalars(select(User.id).where(User.username == SEARCHER)).one()
        found = actors.by_user(session, user)
    assert found is not None
    scope = queries.scope(reach_of(found.actor), listed=True)
    assert scope is not None
    made = []
    for word in WORDS:
        for end in range(1, len(word) + 1):
            wish = Wish(q=word[:end], origin=found.home_position, marked=False)
            query = queries.Plan(wish, scope, None).hits() | queries.COUNT_ALL
            made.append((word[:end], orjson.dumps(query)))
    return made


def _timed(pool: urllib3.PoolManager, method: str, url: str, body: bytes | None = None) -> float:
    started = time.perf_counter()
    answer = pool.request(method, url, body=body)
    passed = (time.perf_counter() - started) * 1000
    assert answer.status == 200, answer.data[:300]
    return passed


def _percentile(values: list[float], at: int) -> float:
    return statistics.quantiles(values, n=100)[at - 1]


def _alive(address: str) -> bool:
    try:
        return urllib3.request("GET", f"{address}/healthz", timeout=1, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _print(figure: str, values: dict[str, object]) -> None:
    print(json.dumps({"figure": figure, **values}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
