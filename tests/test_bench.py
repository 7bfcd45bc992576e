"""What the bench makes of what it measured: verdicts, README's table and the chart."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from bench import chart, report
from bench.figures import Record, kept, latencies, rates, seconds
from bench.searching import TYPED

SLOW = [float(number) for number in range(2, 202)]
FAST = [float(number) for number in range(1, 201)]


@pytest.fixture
def results(tmp_path: Path) -> dict[int, dict[str, Any]]:
    """Two sizes: the inbox as slow as ever, an asset twice as slow, search at the engine's pace."""
    for cards, factor in ((10_000, 1), (1_000_000, 2)):
        record = Record(cards, tmp_path)
        versions = {"python": "3", "postgresql": "18", "meilisearch": "1"}
        machine = {"processor": "one", "cores": 4, "memory_gb": 16}
        record.about = {"measured_on": "2026-11-22", "machine": machine, "versions": versions}
        record.add("search.page, 1 at once", latencies(SLOW, FAST))
        record.add("page.inbox", latencies(SLOW, FAST))
        record.add("page.asset", latencies([factor * one for one in SLOW], FAST))
        record.add("public.list", rates([60.0], [100.0]))
        record.add("reindex", seconds([13.0], [10.0], rows=cards))
    return kept(tmp_path)


def test_each_figure_is_held_against_its_goal_at_a_million_cards(results: dict[int, dict[str, Any]]) -> None:
    verdicts = {row.label: (row.goal, row.verdict) for row in report.rows(results)}
    assert verdicts == {
        "search · page, 1 at once, p50": ("≤ 1.3", "met"),
        "search · page, 1 at once, p95": ("≤ 1.5", "met"),
        "page · inbox, p50": ("", ""),
        "page · inbox, p95": ("≤ 1.5 growth", "met"),
        "page · asset, p50": ("", ""),
        "page · asset, p95": ("≤ 1.5 growth", "missed: 2.00"),
        "public · list": ("≥ 0.7", "missed: 0.60"),
        "reindex": ("≤ 1.3", "met"),
    }


def test_nothing_is_judged_at_other_sizes(results: dict[int, dict[str, Any]]) -> None:
    assert {row.verdict for row in report.rows({10_000: results[10_000]})} == {""}


def test_the_table_goes_between_the_marks_and_replaces_the_last_one(
    results: dict[int, dict[str, Any]], tmp_path: Path
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n", encoding="utf-8")
    report.write(results, readme)
    once = readme.read_text(encoding="utf-8")
    report.write(results, readme)
    assert readme.read_text(encoding="utf-8") == once
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "old" not in once
    assert "| reindex | 13 s : 10 = 1.30 | 13 s : 10 = 1.30 | ≤ 1.3 | met |" in once


def test_the_chart_is_one_drawing_with_a_line_for_each_figure(
    results: dict[int, dict[str, Any]], tmp_path: Path
) -> None:
    chart.draw(results, tmp_path / "bench.svg")
    root = ET.parse(tmp_path / "bench.svg").getroot()
    lines = root.findall(".//{http://www.w3.org/2000/svg}polyline")
    drawn = [line for line in lines if len(line.attrib["points"].split()) == 2]
    assert len(drawn) == 8


def test_what_is_typed_is_two_hundred_different_searches() -> None:
    assert len(set(TYPED)) == len(TYPED) == 200
