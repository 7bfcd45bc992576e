"""What came of a drill, kept as a file and as a table in README."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from drill.rows import HEAD, Row

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parent.parent / "README.md"


def keep(name: str, rows: Sequence[Row], began: dt.datetime) -> None:
    """Keep the rows as ``results/name.json`` and between README's marks of that name."""
    seconds = round((dt.datetime.now(dt.UTC) - began).total_seconds())
    machine = {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    content = {
        "began": began.isoformat(timespec="seconds"),
        "seconds": seconds,
        "machine": machine,
        "faults": [asdict(row) for row in rows],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    said = f"Drilled on {began:%Y-%m-%d} in {seconds} s: {machine['system']}, {machine['cores']} cores."
    put(README, name, "\n".join([HEAD, *(row.line() for row in rows), "", said]))


def put(readme: Path, name: str, content: str) -> None:
    """Put something in the place of what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, other, after = rest.partition(end)
    assert other, f"{readme} lacks the marks of {name}"
    readme.write_text(f"{before}{begin}\n{content}\n{end}{after}", encoding="utf-8")
