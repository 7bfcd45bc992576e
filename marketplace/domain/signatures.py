"""Signatures made on a screen: strokes of a finger or a pen, or the signer's typed name.

The page sends strokes as compact JSON, ``{"w": 600, "h": 200, "s": [[x, y, x, y, …], …]}``: the size
of the field in its own units and whole-numbered points within it. Nothing of it is trusted: it is
read into numbers here, and only numbers are drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from marketplace.domain.errors import Invalid, invalid_field
from marketplace.domain.text import N_, clean, normalise

MAX_TEXT = 100_000
"""Characters of JSON; a slow and careful signature has about 10,000."""
MAX_STROKES = 200
MAX_POINTS = 8_000
MAX_SIDE = 4_000
MIN_INK = 0.1
"""Least extent of a signature, as a part of the field's width or height: a slip of the finger is none."""
_MARGIN = 6
"""Room around the drawing for the thickness of the line, in units of the field."""

Stroke = tuple[int, ...]
"""x and y in turn."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What somebody set under a paper: ``strokes`` within ``width`` × ``height``, or ``typed_name``."""

    width: int = 0
    height: int = 0
    strokes: tuple[Stroke, ...] = ()
    typed_name: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form in which it is kept; :func:`kept` reads it back."""
        if self.typed_name:
            return {"typed": self.typed_name}
        return {"w": self.width, "h": self.height, "s": [list(stroke) for stroke in self.strokes]}


def read_signature(
    form: Mapping[str, str], signer: str, *, name: str = "signature", required: bool = True
) -> Signature | None:
    """The signature in a sent form (macro ``signature_pad``); None where none is asked for and none given.

    Drawn strokes count before a typed name. A typed name is the signer's own and comes with the tick
    that says it stands for a signature.

    Raises:
        Invalid: no signature, too little or too much of one, or a name that isn't the signer's.
    """
    if strokes := form.get(name, "").strip():
        return parse(strokes, name)
    typed = clean(form.get(f"{name}_name", ""))
    if not typed and not required:
        return None
    if not typed:
        raise invalid_field(name, N_("请在框内签名，或改为输入姓名确认。"))
    if normalise(typed) != normalise(signer):
        raise invalid_field(
            f"{name}_name", N_("输入的姓名与您账号上的姓名“%(signer)s”不一致。"), signer=signer
        )
    if not form.get(f"{name}_agree"):
        raise invalid_field(f"{name}_agree", N_("请勾选确认：以输入姓名代替手写签名。"))
    return Signature(typed_name=typed)


def parse(text: str, name: str = "signature") -> Signature:
    """Strokes as the page sends them.

    Raises:
        Invalid: not of that form, larger than any signature, or next to nothing drawn.
    """
    if len(text) > MAX_TEXT:
        raise invalid_field(name, N_("签名笔画太多，请清除后重签。"))
    try:
        signature = _strokes(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _unreadable(name) from None
    if sum(map(len, signature.strokes)) > 2 * MAX_POINTS or len(signature.strokes) > MAX_STROKES:
        raise invalid_field(name, N_("签名笔画太多，请清除后重签。"))
    if not _has_ink(signature):
        raise invalid_field(name, N_("签名太小，看不清。请在框内写大一些。"))
    return signature


def kept(value: Mapping[str, Any]) -> Signature:
    """A signature from the record; a program that confirmed for somebody left the ``name`` alone."""
    if "s" in value:
        return Signature(value["w"], value["h"], tuple(tuple(stroke) for stroke in value["s"]))
    return Signature(typed_name=value.get("typed") or value.get("name") or "")


def view_box(signature: Signature) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is drawn, so that it can be set large."""
    xs = [x for stroke in signature.strokes for x in stroke[0::2]]
    ys = [y for stroke in signature.strokes for y in stroke[1::2]]
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
    return left, top, max(xs) + _MARGIN - left, max(ys) + _MARGIN - top


def svg_path(signature: Signature) -> str:
    """The strokes as SVG path data: curves through the middles between points, so that no corner shows."""
    return "".join(part for stroke in signature.strokes for part in _curve(stroke))


def svg(signature: Signature, *, colour: str = "#000000") -> str:
    """The drawn signature as a picture of its own, cut to what is drawn."""
    box = " ".join(map(str, view_box(signature)))
    line = f'fill="none" stroke="{colour}" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"'
    path = f'<path d="{svg_path(signature)}" {line}/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{path}</svg>'


def _strokes(value: Any) -> Signature:
    width, height = _whole(value["w"], 1, MAX_SIDE), _whole(value["h"], 1, MAX_SIDE)
    strokes = tuple(_stroke(stroke, width, height) for stroke in _list(value["s"]))
    return Signature(width, height, strokes)


def _stroke(value: Any, width: int, height: int) -> Stroke:
    numbers = _list(value)
    if not numbers or len(numbers) % 2:
        raise ValueError("a stroke is a row of points")
    return tuple(_whole(number, 0, (width, height)[at % 2]) for at, number in enumerate(numbers))


def _list(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _whole(value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError("not a whole number in range")
    return value


def _has_ink(signature: Signature) -> bool:
    if not signature.strokes:
        return False
    _left, _top, width, height = view_box(signature)
    return (
        width - 2 * _MARGIN >= MIN_INK * signature.width or height - 2 * _MARGIN >= MIN_INK * signature.height
    )


def _curve(stroke: Stroke) -> Iterator[str]:
    points = list(zip(stroke[0::2], stroke[1::2], strict=True))
    yield "M{} {}".format(*points[0])
    for (x, y), (next_x, next_y) in pairwise(points[1:]):
        yield f"Q{x} {y} {(x + next_x) / 2:g} {(y + next_y) / 2:g}"
    # A dot is a line of no visible length with round ends.
    yield "L{} {}".format(*points[-1]) if len(points) > 1 else "h.1"


def _unreadable(name: str) -> Invalid:
    return invalid_field(name, N_("签名没有读出来，请清除后重签。"))
