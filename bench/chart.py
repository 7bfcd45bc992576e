"""How times grow with the register, as one SVG: both axes logarithmic, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 370, 290
LEFT, TOP, BOTTOM, RIGHT = 46, 34, 112, 34
_STYLE = """
  :root { --paper: #ffffff; --ink: #1f2933; --faint: #d5dbe1;
          --c0: #b42318; --c1: #175cd3; --c2: #067647; --c3: #b54708; --c4: #6941c6; --c5: #475467; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #0d1117; --ink: #e6edf3; --faint: #303844;
            --c0: #ff8a80; --c1: #79b8ff; --c2: #56d39b; --c3: #ffb86b; --c4: #c4a7ff; --c5: #a9b4c0; }
  }
  text { fill: var(--ink); font: 11px system-ui, sans-serif; }
  .title { font-size: 13px; font-weight: 600; }
  .grid { stroke: var(--faint); stroke-width: 1; }
  .line { fill: none; stroke-width: 2; }
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What is drawn; dashed is what the solid one of the same colour is measured against."""

    name: str
    figure: str
    part: str
    colour: int
    dashed: bool = False


PANELS: Mapping[str, Sequence[Line]] = {
    "/search — ms": (
        Line("p50", "search.page, 1 at once", "p50_ms", 0),
        Line("p95", "search.page, 1 at once", "p95_ms", 1),
        Line("50 × p95", "search.page, 50 at once", "p95_ms", 2),
        Line("Meilisearch p50", "search.page, 1 at once", "bare_p50_ms", 0, dashed=True),
        Line("Meilisearch p95", "search.page, 1 at once", "bare_p95_ms", 1, dashed=True),
        Line("Meilisearch 50 × p95", "search.page, 50 at once", "bare_p95_ms", 2, dashed=True),
    ),
    "p95 — ms": (
        Line("/assets/…", "page.asset", "p95_ms", 0),
        Line("/inbox", "page.inbox of an officer", "p95_ms", 1),
        Line("/orders mine", "page.orders, mine", "p95_ms", 2),
        Line("/orders incoming", "page.orders, incoming", "p95_ms", 3),
        Line("/idle", "page.idle flags", "p95_ms", 4),
        Line("“ok”", "page.asset", "bare_p95_ms", 5, dashed=True),
    ),
    "gwc — s": (
        Line("reindex", "reindex", "seconds", 0),
        Line("flag-idle", "job.flag-idle", "seconds", 1),
        Line("walk-timetable", "job.walk-timetable", "seconds", 2),
        Line("Meilisearch", "reindex", "bare_seconds", 0, dashed=True),
        Line("UPDATE assets", "job.flag-idle", "bare_seconds", 1, dashed=True),
        Line("UPDATE screenings", "job.walk-timetable", "bare_seconds", 2, dashed=True),
    ),
}


def draw(results: Mapping[int, Mapping[str, Any]], path: Path) -> None:
    """Write the chart, if there are two sizes to draw a line between."""
    if len(results) < 2:
        return
    panels = [_panel(title, lines, results, at * WIDTH) for at, (title, lines) in enumerate(PANELS.items())]
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}" viewBox="0 0 {WIDTH * len(panels)} {HEIGHT}"'
    body = "\n".join(panels)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n<style>{_STYLE}</style>\n'
        f'<rect width="100%" height="100%" fill="var(--paper)"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )


def _panel(title: str, lines: Sequence[Line], results: Mapping[int, Mapping[str, Any]], left: float) -> str:
    found = {
        line: [
            (cards, one["figures"][line.figure][line.part])
            for cards, one in results.items()
            if line.figure in one["figures"]
        ]
        for line in lines
    }
    values = [value for points in found.values() for _, value in points]
    scale = _Scale(list(results), 10 ** math.floor(math.log10(min(values))), max(values))
    marks = [scale.grid(), f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>']
    marks += [_line(at, line, scale, points) for at, (line, points) in enumerate(found.items())]
    return f'<g transform="translate({left} 0)">{"".join(marks)}</g>'


@dataclass(frozen=True, slots=True)
class _Scale:
    sizes: list[int]
    low: float
    high: float

    def x(self, cards: float) -> float:
        first, last = math.log10(self.sizes[0]), math.log10(self.sizes[-1])
        return LEFT + 8 + (math.log10(cards) - first) / (last - first) * (WIDTH - LEFT - RIGHT - 16)

    def y(self, value: float) -> float:
        low, high = math.log10(self.low), math.log10(self.high * 1.2)
        return HEIGHT - BOTTOM - (math.log10(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def grid(self) -> str:
        """A line for each power of ten, or where there are few for each 1, 2 and 5; and the sizes below."""
        marks, power = [], self.low
        between = (1, 2, 5) if self.high / self.low < 3_000 else (1,)
        while power <= self.high * 1.2:
            for step in (part * power for part in between):
                if step <= self.high * 1.2:
                    y = self.y(step)
                    marks.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
                    marks.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{step:g}</text>')
            power *= 10
        for cards in self.sizes:
            place = f'x="{self.x(cards):.1f}" y="{HEIGHT - BOTTOM + 16}"'
            marks.append(f'<text {place} text-anchor="middle">{cards:,}</text>')
        return "".join(marks)


def _line(at: int, line: Line, scale: _Scale, points: Sequence[tuple[int, float]]) -> str:
    colour = f"var(--c{line.colour})"
    style = f'stroke="{colour}"' + (' stroke-dasharray="5 4"' if line.dashed else "")
    drawn = " ".join(f"{scale.x(cards):.1f},{scale.y(value):.1f}" for cards, value in points)
    dots = "".join(
        f'<circle cx="{scale.x(cards):.1f}" cy="{scale.y(value):.1f}" r="3" fill="{colour}"/>'
        for cards, value in points
    )
    x, y = LEFT + at // 3 * 150, HEIGHT - BOTTOM + 42 + at % 3 * 22
    key = f'<path class="line" {style} d="M{x} {y - 4}h24"/>'
    name = f'<text x="{x + 30}" y="{y}">{escape(line.name)}</text>'
    return f'<polyline class="line" {style} points="{drawn}"/>{dots}{key}{name}'
