"""Comparing the index with the database, and having written anew what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from marketplace.db.outbox import reindex_soon
from marketplace.db.session import SessionFactory, transaction
from search import documents, lines
from search.engine import Engine
from search.indexer import queue_of
from search.rebuild import ensure_index

BATCH = 2_000
"""Whole documents read at once, some 3 kB each."""

Hashes = Iterator[tuple[int, str]]
"""Ids, rising, each with the hash of its document; empty for a document that nobody here made so."""


def repair(
    sessions: SessionFactory, engine: Engine, *, dry_run: bool = False, batch: int = BATCH
) -> Mapping[str, int]:
    """Note in the outbox every asset whose document in a node is missing, differs, or has no asset any more.

    What the engine keeps is read whole: the hash that a document carries says nothing of what became of
    it since. Both sides are streamed in the order of ids, so memory does not grow with the register.
    What changes meanwhile may be noted needlessly, which does no harm.

    Raises:
        EngineDown, EngineRefused: the engine could not be read.
        Unfilled: the index is missing, and there are other nodes.
    """
    if not dry_run:
        ensure_index(sessions, engine)
    figures = {"compared": 0, "missing": 0, "changed": 0, "orphaned": 0}
    noted: list[int] = []
    for asset_id, wanted, found in _paired(_of_database(sessions, batch), _of_index(engine, batch)):
        figures["compared"] += 1
        if wanted == found:
            continue
        figures["orphaned" if wanted is None else "missing" if found is None else "changed"] += 1
        noted.append(asset_id)
        if len(noted) == batch:
            _note(sessions, engine, noted, dry_run=dry_run)
    _note(sessions, engine, noted, dry_run=dry_run)
    return figures


def _note(sessions: SessionFactory, engine: Engine, noted: list[int], *, dry_run: bool) -> None:
    if not dry_run:
        with transaction(sessions) as session:
            reindex_soon(session, noted, queue_of(session, engine))
    noted.clear()


def _paired(left: Hashes, right: Hashes) -> Iterator[tuple[int, str | None, str | None]]:
    """Both sides by id; None where a side has no such id."""
    here, there = next(left, None), next(right, None)
    while here or there:
        at = min(side[0] for side in (here, there) if side)
        in_left, in_right = bool(here and here[0] == at), bool(there and there[0] == at)
        yield at, here[1] if here and in_left else None, there[1] if there and in_right else None
        here = next(left, None) if in_left else here
        there = next(right, None) if in_right else there


def _of_database(sessions: SessionFactory, batch: int) -> Hashes:
    last = 0
    while True:
        with sessions() as session:
            found = [(row["id"], lines.content_hash(row)) for row in documents.after(session, last, batch)]
        yield from found
        if len(found) < batch:
            return
        last = found[-1][0]


def _of_index(engine: Engine, batch: int) -> Hashes:
    last = -1
    while True:
        query = {"filter": f"id > {last}", "sort": ["id:asc"], "limit": batch}
        found = engine.call("POST", f"/indexes/{engine.index}/documents/fetch", query)["results"]
        yield from ((document["id"], lines.kept_hash(document)) for document in found)
        if len(found) < batch:
            return
        last = found[-1]["id"]
