"""Filling the index beside posting the same documents, made already, straight to Meilisearch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Record, seconds
from marketplace.config import Settings
from marketplace.db.session import SessionFactory
from search import documents, lines, rebuild, schema
from search.engine import Engine

BATCH = 20_000
"""Documents of one request: about as many bytes as it takes at once, with which it is fastest."""
BARE = "bench_bare"


def measure(settings: Settings, sessions: SessionFactory, record: Record, rounds: int) -> None:
    """The last reindex leaves the index that all else is measured with."""
    engine, ours, bare = Engine(settings), [], []
    kept = [_keep(settings.home / f"documents-{at}", part) for at, part in enumerate(_batches(sessions))]
    for _ in range(rounds):
        bare.append(_post(engine, kept))
        started = time.perf_counter()
        written = rebuild.rebuild(sessions, engine)["documents"]
        ours.append(time.perf_counter() - started)
    for path in kept:
        path.unlink()
    record.add("reindex", seconds(ours, bare, rows=written))


def _batches(sessions: SessionFactory) -> Iterator[list[bytes]]:
    last = 0
    while True:
        with sessions() as session:
            found = [(one["id"], lines.line(one)) for one in documents.after(session, last, BATCH)]
        if not found:
            return
        yield [line for _, line in found]
        last = found[-1][0]


def _keep(path: Path, batch: list[bytes]) -> Path:
    path.write_bytes(b"\n".join(batch))
    return path


def _post(engine: Engine, kept: list[Path]) -> float:
    """Into an index with the same settings, which is gone afterwards."""
    schema.create(engine, BARE)
    started = time.perf_counter()
    tasks = [engine.put_documents(BARE, [path.read_bytes()]) for path in kept]
    for task in tasks:
        engine.wait(task, seconds=3600)
    passed = time.perf_counter() - started
    schema.drop(engine, BARE)
    return passed
