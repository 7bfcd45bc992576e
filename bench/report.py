"""What was measured as a table: on the screen, and in README between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Figure
from bench.goals import LARGE, SMALL, Goal, goals_of
from drill.report import put

Results = Mapping[int, Mapping[str, Any]]
_PROGRAMS = {"Python": "python", "PostgreSQL": "postgresql", "Meilisearch": "meilisearch"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what, how it was at each size, and what became of the goal."""

    label: str
    cells: list[str]
    goal: str = ""
    verdict: str = ""


def show(results: Results) -> None:
    table = Table(title="beside each value: the bare one's, and how many times that ours is")
    for heading in _headings(results):
        table.add_column(heading, justify="left" if heading == "" else "right")
    for row in rows(results):
        colour = {"met": "green", "": "white"}.get(row.verdict, "red")
        table.add_row(row.label, *row.cells, row.goal, f"[{colour}]{row.verdict}[/]")
    Console(width=max(120, Console().width)).print(table)


def write(results: Results, readme: Path) -> None:
    """Put table and machine between the marks of a README."""
    if not results:
        return
    put(readme, "bench", _markdown(results))


def _markdown(results: Results) -> str:
    headings = _headings(results)
    lines = [headings, ["---", *["--:"] * (len(headings) - 2), ":--"]]
    lines += [[row.label, *row.cells, row.goal, row.verdict] for row in rows(results)]
    machine, versions = (results[max(results)][part] for part in ("machine", "versions"))
    engines = ", ".join(f"{name} {versions[key]}" for name, key in _PROGRAMS.items())
    days = ", ".join(f"{cards:,} cards on {one['measured_on']}" for cards, one in results.items())
    said = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB; {engines}; {days}"
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\nMeasured on {said}."


def _headings(results: Results) -> list[str]:
    return ["", *(f"{cards:,} cards" for cards in results), "goal", "verdict"]


def rows(results: Results) -> Iterable[Row]:
    """Every figure in the order in which it was measured."""
    names = dict.fromkeys(name for one in results.values() for name in one["figures"])
    for name in names:
        found = {cards: one["figures"].get(name, {}) for cards, one in results.items()}
        for part in _parts(next(figure for figure in found.values() if figure)):
            yield _row(name, part, found)


def _parts(figure: Figure) -> list[str]:
    """What of a figure gets a line of its own."""
    parts = ("p50_ms", "p95_ms", "seconds", "per_second", "mb", "peak_mb")
    found = [part for part in parts if part in figure]
    return found[:2] if "p50_ms" in figure else found[:1]


def _row(name: str, part: str, found: Mapping[int, Figure]) -> Row:
    percentile = part[:4] if part.startswith("p") and part[1:3].isdigit() else ""
    goals = [goal for goal in goals_of(name) if not percentile or goal.part.startswith(percentile)]
    label = name.replace(".", " · ", 1) + (f", {percentile[:3]}" if percentile else "")
    cells = [_cell(figure, part) for figure in found.values()]
    if not goals:
        return Row(label, cells)
    [goal] = goals
    growth = " growth" if goal.part.endswith("growth") else ""
    return Row(label, cells, f"{goal}{growth}", _verdict(goal, found))


def _cell(figure: Figure, part: str) -> str:
    if part not in figure:
        return "—"
    unit = {"ms": " ms", "seconds": " s", "per_second": "/s", "mb": " MB"}
    suffix = next(text for ending, text in unit.items() if part.endswith(ending))
    text = f"{_short(figure[part])}{suffix}"
    text += f", {figure['refused']} refused" if figure.get("refused") else ""
    ratio = figure.get(f"{part[:3]}_ratio" if part.endswith("_ms") else "ratio")
    if ratio is None:
        return text
    return f"{text} : {_short(figure[f'bare_{part}'])} = {ratio:.2f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _verdict(goal: Goal, found: Mapping[int, Figure]) -> str:
    large, small = found.get(LARGE), found.get(SMALL)
    if not large:
        return ""
    part = goal.part.replace("_growth", "_ms")
    value = large[part]
    if part != goal.part:
        if not small:
            return ""
        value /= small[part]
    return "met" if goal.is_met(value) else f"missed: {value:.2f}"
