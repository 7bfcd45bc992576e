"""``make nodes``: every node of an installation taken away in turn, with people at work."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from sqlalchemy import func, select

from drill import report, town
from drill.calls import Book
from drill.cluster import SIDES, Cluster
from drill.installation import Installation
from drill.rows import HEAD, Row, happen
from drill.scene import Fault, Scene
from marketplace.db.outbox import OutboxRow
from marketplace.engines import process

SOME = 5
"""Writes that are acknowledged while a node is away."""


def drill(
    faults: Sequence[Fault], folder: Path, *, small: bool = False, sides: Sequence[str] = SIDES
) -> Iterator[Row]:
    """Found a cluster, and take away one node after the other; each comes back before the next goes.

    A ``small`` one has no cards at first, and a single desk at work.
    """
    home = folder / "shared"
    home.mkdir()
    made = town.build(home, dt.datetime.now(dt.UTC), cards=not small)
    Installation(home).wait_until_gone()
    here = Cluster.of(home, sides)
    book = Book()
    try:
        here.start()
        for fault in faults:
            book = book.next_page()
            people = {"desks": 1, "readers": 0} if small else {}
            yield happen(here, made, fault, book, **people)
    finally:
        here.stop()


def lose_program(part: str, side: str, scene: Scene) -> None:
    """End a web or job node without a word; later it is there again."""
    here, name = _cluster(scene), f"{part} {side}"
    ended = here.started[name]
    ended.kill()
    ended.wait()
    scene.must_work(f"without {name}", SOME)
    _must_feed(scene, f"without {name}")
    _only_in_flight(scene, scene.crowd.size if part == "web" else 0)
    here.start_program(part, side)
    scene.must(f"{name} did not come back", here.is_ready)


def lose_search(side: str, scene: Scene) -> None:
    """End a search node without a word; later it is there again and catches up."""
    here = _cluster(scene)
    _kill(here.search[side].child)
    scene.must_work(f"without search node {side}", SOME)
    _only_in_flight(scene, 0)
    if scene.crowd.book.degraded:
        scene.lost.append(f"{scene.crowd.book.degraded} searches were answered by the database")
    here.search[side].start()
    scene.must(f"search node {side} did not catch up", here.is_ready)


def lose_primary(scene: Scene) -> None:
    """End the database without a word and promote its replica; later the old one follows the new."""
    here = _cluster(scene)
    _kill(here.database[here.primary].child)
    here.promote()
    scene.must_work("after the replica was promoted", SOME)
    here.follow()
    scene.must("not all is in order with the new primary", here.is_ready)


def lose_replica(scene: Scene) -> None:
    """End the replica: nothing is acknowledged until the primary is told not to wait for it any more."""
    here = _cluster(scene)
    _kill(here.database[here.replica].child)
    here.wait_for_replica(wanted=False)
    scene.must_work("without a replica", SOME)
    here.database[here.replica].start()
    here.wait_for_replica(wanted=True)
    scene.must("the replica does not follow any more", here.is_followed)


def _cluster(scene: Scene) -> Cluster:
    return cast(Cluster, scene.here)


def _kill(child: process.Process | None) -> None:
    assert child is not None
    child.kill()
    child.wait()


def _must_feed(scene: Scene, when: str) -> None:
    """Changes go on to reach the index."""
    began = dt.datetime.now(dt.UTC)
    newest = select(func.max(OutboxRow.drained_at) > began)
    with scene.here.sessions() as sessions, sessions() as session:
        scene.must(f"the index was not fed {when}", lambda: bool(session.scalar(newest)))


def _only_in_flight(scene: Scene, most: int) -> None:
    """Nobody noticed, but for those whose request was under way."""
    noticed = scene.crowd.book.retried
    if noticed > most:
        scene.lost.append(f"{noticed} requests failed, where {most} were under way")


FAULTS: Sequence[Fault] = (
    *(Fault(f"web node {side}", partial(lose_program, "web", side)) for side in SIDES),
    *(Fault(f"job node {side}", partial(lose_program, "jobs", side)) for side in SIDES),
    *(Fault(f"search node {side}", partial(lose_search, side)) for side in SIDES),
    Fault("primary of the database", lose_primary),
    Fault("replica of the database", lose_replica),
)


def main() -> int:
    began, rows = dt.datetime.now(dt.UTC), []
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="nodes-", ignore_cleanup_errors=True) as temporary:
        for row in drill(FAULTS, Path(temporary)):
            print(row.line(), flush=True)
            rows.append(row)
    report.keep("nodes", rows, began)
    return int(any(row.lost for row in rows))


if __name__ == "__main__":
    sys.exit(main())
