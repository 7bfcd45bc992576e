"""Signatures from a page: read into numbers, or refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.errors import Invalid
from marketplace.domain.signatures import (
    MAX_POINTS,
    MAX_STROKES,
    MAX_TEXT,
    Signature,
    kept,
    parse,
    read_signature,
    svg,
    svg_path,
)

DRAWN = '{"w":600,"h":200,"s":[[100,50,200,150,300,60],[320,100]]}'
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("whsx"), inner, max_size=4),
    max_leaves=20,
)


def test_strokes_are_read_and_kept() -> None:
    signature = parse(DRAWN)
    assert signature == Signature(600, 200, ((100, 50, 200, 150, 300, 60), (320, 100)))
    assert kept(json.loads(json.dumps(signature.as_json()))) == signature


def test_strokes_become_a_path_of_numbers() -> None:
    assert svg_path(parse(DRAWN)) == "M100 50Q200 150 250 105L300 60M320 100h.1"


@given(st.text(max_size=200) | anything.map(json.dumps))
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    try:
        signature = parse(text)
    except Invalid:
        return
    assert re.fullmatch(r"[MQLh\d. -]+", svg_path(signature))


points = st.lists(st.integers(0, 200), min_size=2, max_size=40).filter(lambda row: len(row) % 2 == 0)


@given(st.lists(points, min_size=1, max_size=10))
def test_what_is_read_draws_only_numbers(strokes: list[list[int]]) -> None:
    wide = [0, 0, 200, 200]
    signature = parse(json.dumps({"w": 200, "h": 200, "s": [wide, *strokes]}))
    assert kept(signature.as_json()) == signature
    drawing = svg(signature)
    assert re.fullmatch(
        r'<svg xmlns="[^"]+" viewBox="[\d -]+"><path d="[MQLh\d. -]+" [^<>]+/></svg>', drawing
    )


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        [[10, 10]],
        [[10, 10, 12, 12]],
        [[10]],
        [[]],
        [["10", "10", 200, 100]],
        [[10.5, 10, 200, 100]],
        [[True, 10, 200, 100]],
        [[-1, 10, 200, 100]],
        [[0, 0, 601, 100]],
        [[0, 0, 600, 201]],
        [[0, 0, 600, 100]] * (MAX_STROKES + 1),
        [[0, 0, 600, 100] * (MAX_POINTS // 2 + 1)],
        {"0": [0, 0, 600, 100]},
        None,
    ],
)
def test_what_is_no_signature_is_refused(strokes: Any) -> None:
    with pytest.raises(Invalid):
        parse(json.dumps({"w": 600, "h": 200, "s": strokes}))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "[" * 5000, '{"w":0,"h":0,"s":[]}', " " * (MAX_TEXT + 1)]
)
def test_what_is_no_drawing_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


def test_a_typed_name_stands_for_a_signature() -> None:
    form = {"signature": "", "signature_name": " 王 建国 ", "signature_agree": "1"}
    signature = read_signature(form, "王 建国")
    assert signature == Signature(typed_name="王 建国")
    assert kept(signature.as_json()) == signature


def test_a_drawing_counts_before_a_typed_name() -> None:
    signature = read_signature({"signature": DRAWN, "signature_name": "别人"}, "王建国")
    assert signature is not None
    assert signature.strokes


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "signature"),
        ({"signature_name": "李四", "signature_agree": "1"}, "signature_name"),
        ({"signature_name": "王建国"}, "signature_agree"),
        ({"signature": "nonsense", "signature_name": "王建国", "signature_agree": "1"}, "signature"),
    ],
)
def test_nobody_signs_for_another(form: Mapping[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_signature(form, "王建国")
    assert [one.field for one in refused.value.fields] == [field]


def test_where_none_is_asked_for_none_is_needed() -> None:
    assert read_signature({}, "王建国", required=False) is None
