"""Several nodes of everything: one after the other is taken away, and nothing acknowledged is lost."""

from __future__ import annotations

import os
from pathlib import Path

from drill.nodes import FAULTS, drill
from drill.scene import Fault

TAKEN = ("web node a", "job node a", "search node b", "primary of the database")
"""With ``NODES=all`` every one."""


def taken() -> list[Fault]:
    wanted = [fault.name for fault in FAULTS] if os.environ.get("NODES") == "all" else TAKEN
    return [fault for fault in FAULTS if fault.name in wanted]


def test_any_node_may_go(tmp_path: Path) -> None:
    rows = list(drill(taken(), tmp_path, cards=False, desks=1, readers=1))
    assert [(row.fault, row.lost) for row in rows] == [(fault.name, ()) for fault in taken()]
    assert all(row.acknowledged and row.back_after is not None for row in rows)
