"""What is to be reached, in one place; ``bench/report.py`` says of each figure whether it was."""

from __future__ import annotations

from dataclasses import dataclass

LARGE, SMALL = 1_000_000, 10_000


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure's ``part`` may be at ``LARGE`` cards, at most or at least."""

    figure: str
    """The figure's name, or how its name begins where it ends with a dot."""
    part: str
    limit: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


GOALS = (
    Goal("search.", "p50_ratio", 1.3),
    Goal("search.", "p95_ratio", 1.5),
    Goal("public.", "ratio", 0.7, at_least=True),
    Goal("page.", "p95_growth", 1.5),
    Goal("import", "ratio", 0.4, at_least=True),
    Goal("reindex", "ratio", 1.3),
    Goal("memory.web worker", "mb", 250),
)


def goals_of(figure: str) -> list[Goal]:
    return [
        goal
        for goal in GOALS
        if figure == goal.figure or (goal.figure[-1] == "." and figure.startswith(goal.figure))
    ]
