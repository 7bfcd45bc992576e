"""The drill itself, with one of its faults: what it measures and checks stays runnable."""

from __future__ import annotations

from pathlib import Path

from drill.__main__ import drill
from drill.faults import FAULTS
from drill.rows import HEAD


def test_postgresql_killed_under_people_at_work_loses_nothing(tmp_path: Path) -> None:
    killed = next(fault for fault in FAULTS if fault.name == "kill -9 of PostgreSQL")
    [row] = drill([killed], tmp_path, cards=False)
    assert row.lost == ()
    assert row.acknowledged > 0
    assert row.back_after is not None
    assert row.line().count("|") == HEAD.splitlines()[0].count("|")
