"""Figures of one size of register: measured times reduced to what is kept, and the file that keeps it."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine as Database
from sqlalchemy import text

from search.engine import Engine

RESULTS = Path(__file__).parent / "results"
Figure = dict[str, float]


def latencies(ours: Sequence[float], bare: Sequence[float]) -> Figure:
    """Percentiles of both in ms, and how many times the bare ones ours are."""
    found: Figure = {"answers": len(ours)}
    for name, at in (("p50", 50), ("p95", 95), ("p99", 99)):
        one, other = (statistics.quantiles(times, n=100)[at - 1] for times in (ours, bare))
        found |= {f"{name}_ms": one, f"bare_{name}_ms": other, f"{name}_ratio": one / other}
    return found


def seconds(ours: Sequence[float], bare: Sequence[float] = (), *, rows: int = 0) -> Figure:
    """Medians of work that takes seconds; ``ratio`` is ours to the bare one's."""
    found: Figure = {"rounds": len(ours), "seconds": statistics.median(ours)}
    if bare:
        found |= {"bare_seconds": statistics.median(bare)}
        found |= {"ratio": statistics.median(one / other for one, other in zip(ours, bare, strict=True))}
    return found | ({"rows": rows, "rows_per_second": rows / found["seconds"]} if rows else {})


def rates(ours: Sequence[float], bare: Sequence[float]) -> Figure:
    """Medians of what was done in a second; ``ratio`` is ours to the bare one's, round by round."""
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    return {
        "rounds": len(ours),
        "per_second": statistics.median(ours),
        "bare_per_second": statistics.median(bare),
        "ratio": ratio,
    }


class Record:
    """What was measured at one size; written after every measurement, so that nothing done is lost.

    ``resumed``: what is added replaces figures of an earlier time, and the others stay.
    """

    def __init__(self, cards: int, folder: Path, *, resumed: bool = False) -> None:
        self.cards, self._path = cards, folder / f"{cards}.json"
        self.about: dict[str, Any] = {}
        self.figures: dict[str, Figure] = {}
        if resumed and self._path.exists():
            self.about = orjson.loads(self._path.read_bytes())
            self.figures = self.about.pop("figures")

    def add(self, name: str, figure: Figure) -> None:
        self.figures[name] = {key: _rounded(value) for key, value in figure.items()}
        self.save()

    def save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = {**self.about, "cards": self.cards, "figures": self.figures}
        self._path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def kept(folder: Path) -> dict[int, dict[str, Any]]:
    """What was measured, by size, the smallest first."""
    found = [orjson.loads(path.read_bytes()) for path in folder.glob("*.json")]
    return {one["cards"]: one for one in sorted(found, key=lambda one: int(one["cards"]))}


def machine() -> dict[str, Any]:
    """Where it was measured."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": processor[1] if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory[1]) / 2**20) if memory else None,
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 1),
    }


def versions(database: Database, engine: Engine) -> dict[str, str]:
    """Of what was measured."""
    with database.connect() as connection:
        postgres = connection.scalar(text("SHOW server_version"))
    packages = {name: version(name) for name in ("flask", "granian", "sqlalchemy", "psycopg")}
    found = {"python": platform.python_version(), "postgresql": str(postgres)}
    return found | {"meilisearch": engine.call("GET", "/version")["pkgVersion"]} | packages


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.4g}")
