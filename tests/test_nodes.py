"""The database's primary is taken away under people at work; ``make nodes`` takes away every node."""

from __future__ import annotations

from pathlib import Path

from drill.nodes import FAULTS, drill


def test_the_primary_may_go(tmp_path: Path) -> None:
    """With one web and one job node: what several of them, and search nodes, survive is tested by itself."""
    [fault] = [fault for fault in FAULTS if fault.name == "primary of the database"]
    [row] = drill([fault], tmp_path, small=True, sides="a")
    assert row.lost == ()
    assert row.acknowledged > 0
    assert row.back_after is not None
