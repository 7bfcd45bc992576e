"""Advisory locks are told apart by their numbers: no two may share one."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path


def test_every_lock_has_a_number_of_its_own(root: Path) -> None:
    pattern = re.compile(r"^(\w+_LOCK) = ([\d_]+)$", re.MULTILINE)
    found = [
        number.replace("_", "")
        for folder in ("marketplace", "search", "jobs")
        for path in (root / folder).rglob("*.py")
        for _, number in pattern.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(found) > 5
    assert [number for number, count in Counter(found).items() if count > 1] == []
