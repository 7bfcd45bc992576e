"""Cabinets, cases and racks."""

from __future__ import annotations
from random import Random
from marketplace.demo.drawings_canvas import Colour, lit, mix
from marketplace.demo.drawings_space import Model, front, rounded


def filing_cabinet(model: Model, rng: Random) -> None:
    colour = (200, 204, 206)
    model.box((0, 0, 0), 90, 42, 4, lit(colour, 0.6))
    model.box((-0, 0, 4), 90, 42, 176, colour)
    face = front(0)
    for x in (2, 46):
        model.patch(face, rounded(x, 8, 42, 78, 0.6), lit(colour, 1.04))
        model.mark(face, [*rounded(x, 8, 42, 78, 0.6), (x, 8)], 0.5, lit(colour, 0.7))
        model.patch(face, rounded(x, 92, 42, 84, 0.6), (120, 140, 150), fade=(90, 110, 120))
        model.mark(face, [*rounded(x, 92, 42, 84, 0.6), (x, 92)], 1.6, lit(colour, 0.86))
    for x in (41, 47):
        model.slab((x, -2, 44), 1.6, 2, 12, (150, 154, 158), radius=0.7, gloss=0.3)
