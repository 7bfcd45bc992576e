"""Desks and tables."""

from __future__ import annotations

import math
from random import Random

from marketplace.demo.drawings_canvas import Colour, Spot, lit, mix
from marketplace.demo.drawings_details import CHROME, INK, PAPER, STEEL, door, fabric, handle, wear, wood
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_room import Shot
from marketplace.demo.drawings_space import front, ring, rounded, top


def desk(model: Model, rng: Random) -> Shot:
    """办公桌: with drawers on one side, or on steel legs."""
    timber = wood(rng)
    style = rng.choice(("drawers", "drawers", "steel", "executive"))
    if style == "steel":
        return _steel_desk(model, timber, rng)
    width = 160.0 if style == "executive" else 140.0
    model.box((2, 60, 12), width - 4, 2, 58, lit(timber, 0.94))
    model.box((0, 4, 0), 4, 62, 72, timber)
    if style == "executive":
        _pedestal(model, 4, 42, 3, timber, rng)
    _pedestal(model, width - 44, 42, 3, timber, rng)
    model.box((width - 2, 4, 0), 2, 62, 72, timber)
    model.box((48, 5, 62), width - 94, 54, 9, lit(timber, 0.9))
    door(model, front(5), (49, 62.6), width - 96, 7.8, timber, 0.4)
    model.box((-3, 0, 72), width + 6, 70, 3.6 if style == "drawers" else 5, lit(timber, 1.03), radius=1)
    if style == "executive":
        model.patch(top(77), rounded(36, 6, 88, 44, 1), mix(timber, INK, 0.72))
    model.patch(top(75.6 if style == "drawers" else 77), ring(width - 20, 58, 3, count=20), INK)
    wear(model, top(75.7), (8, 6), (width - 20, 50), timber, rng)
    return Shot(yaw=(20, 34), tilt=(12, 17), fill=(0.7, 0.62))


def _pedestal(model: Model, x: float, width: float, drawers: int, timber: Colour, rng: Random) -> None:
    model.box((x, 4, 3), width, 56, 69, lit(timber, 0.97))
    z, left = 5.0, 66.0
    for at in range(drawers):
        tall = 30.0 if at == 0 else (left - 30) / (drawers - 1)
        door(model, front(4), (x + 1, z), width - 2, tall - 1.2, lit(timber, 1.04), 0.5)
        handle(model, (x + width / 2 - 7, 4, z + tall * 0.68), 14, 1.8)
        z += tall


def _steel_desk(model: Model, timber: Colour, rng: Random) -> Shot:
    metal = rng.choice((STEEL, (226, 227, 227), (66, 70, 76)))
    for x in (6, 128):
        model.rod([(x + 3, 62, 2), (x + 3, 62, 70)], 5, metal)
    model.box((14, 60, 36), 112, 2, 34, lit(timber, 0.94))
    for x in (6, 128):
        model.box((x, 2, 0), 6, 64, 3, metal)
        model.rod([(x + 3, 7, 2), (x + 3, 7, 70)], 5, metal)
        model.box((x, 4, 67), 6, 60, 4, metal)
        if x < 10:
            model.box((84, 8, 4), 40, 50, 54, (216, 218, 219), radius=1)
            for level in range(3):
                door(model, front(8), (85, 6 + level * 17.4), 38, 16.4, (224, 226, 226), 0.5)
                model.patch(front(8), rounded(97, 19 + level * 17.4, 14, 1.8, 0.9), (120, 124, 128))
    model.box((0, 0, 71), 140, 70, 2.8, lit(timber, 1.03), radius=1)
    wear(model, top(73.8), (8, 6), (120, 50), timber, rng)
    return Shot(yaw=(20, 34), tilt=(12, 17), fill=(0.7, 0.62))


def conference_table(model: Model, rng: Random) -> Shot:
    """会议桌, with chairs along the far side."""
    timber, cloth = wood(rng), fabric(rng)
    boat = rng.random() < 0.6
    for at in range(4):
        _chair_behind(model, 42 + at * 66, 118, cloth)
    for x in (50, 230):
        model.box((x, 30, 0), 24, 60, 70, lit(timber, 0.86), radius=2)
    model.box((74, 56, 20), 156, 4, 46, lit(timber, 0.76))
    outline = _boat(304, 120) if boat else rounded(0, 0, 304, 120, 16)
    model.extrude(top(0), outline, 66, 70, lit(timber, 0.8))
    model.extrude(top(0), outline, 70, 75, timber)
    inner = [(x * 0.66 + 52, y * 0.42 + 35) for x, y in outline]
    model.patch(top(75), inner, lit(timber, 0.84))
    model.seam(top(75), inner, 0.7, lit(timber, 0.66))
    for at in range(3):
        model.patch(top(75), rounded(94 + at * 52, 56, 16, 9, 1), INK)
    if rng.random() < 0.6:
        for x in (60, 160, 236):
            model.box((x, 14, 75), 21, 15, 0.6, PAPER)
    wear(model, top(75), (40, 10), (220, 30), timber, rng)
    return Shot(yaw=(20, 34), tilt=(12, 17), fill=(0.76, 0.6))


def _boat(width: float, depth: float) -> list[Spot]:
    """An outline with bulging long sides."""
    near = [(width * at / 10, depth * 0.14 * (1 - math.sin(math.pi * at / 10))) for at in range(11)]
    return near + [(width - x, depth - y) for x, y in near]


def _chair_behind(model: Model, x: float, y: float, cloth: Colour) -> None:
    """A chair drawn up to a table from the far side: little more than its back is seen."""
    for at in (x + 2, x + 38):
        model.rod([(at, y + 34, 2), (at, y + 30, 60)], 2.4, STEEL)
    model.box((x, y - 4, 42), 42, 36, 5, lit(cloth, 0.94), radius=4)
    model.slab((x, y + 30, 56), 42, 4, 40, cloth, radius=7)


def tea_table(model: Model, rng: Random) -> Shot:
    """茶几 with a tea set."""
    timber, glass = wood(rng), rng.random() < 0.35
    round_top = not glass and rng.random() < 0.3
    legs = rng.choice((timber, INK, CHROME)) if not glass else CHROME
    for x, y in ((8, 50), (8, 6), (104, 50)):
        model.box((x, y, 0), 4, 4, 39, legs)
    model.box((8, 6, 12), 100, 48, 2, lit(timber, 0.9), radius=1)
    model.box((30, 16, 14), 30, 22, 1.4, (150, 70, 62))
    model.box((31, 17, 15.4), 30, 22, 1.4, PAPER)
    model.box((104, 6, 0), 4, 4, 39, legs)
    outline = rounded(0, 0, 116, 60, 28 if round_top else 2)
    if glass:
        model.extrude(top(0), outline, 39, 40.6, (150, 182, 186), gloss=0.3)
        model.patch(top(40.6), rounded(1, 1, 114, 58, 2), (196, 216, 218), fade=(166, 194, 198))
        model.patch(top(40.6), [(20, 1), (40, 1), (74, 59), (54, 59)], (212, 228, 229), fade=(190, 212, 214))
    else:
        model.extrude(top(0), outline, 39, 42.4, timber)
    _tea_set(model, 42.4 if not glass else 40.6, rng)
    return Shot(yaw=(20, 36), tilt=(15, 20), fill=(0.64, 0.58))


def _tea_set(model: Model, z: float, rng: Random) -> None:
    china = rng.choice(((240, 240, 236), (120, 76, 60), (196, 214, 208), (222, 226, 232)))
    model.box((42, 18, z), 40, 24, 1.4, (104, 76, 58), radius=2)
    z += 1.4
    model.rod([(64, 31, z + 4), (69, 31, z + 8.4)], 1.6, china)
    model.turned(
        58,
        31,
        [(3.6, z), (6, z + 3), (5.6, z + 7), (3, z + 9), (1.2, z + 9.4), (0.8, z + 10.6)],
        china,
        gloss=0.2,
        count=26,
    )
    for x, y in ((72, 36), (76, 25), (49, 23)):
        model.turned(x, y, [(1.3, z), (2.6, z + 1.6), (2.9, z + 3.6)], china, gloss=0.2, count=20)
        model.patch(top(z + 3.6), ring(x, y, 2.4, count=20), (156, 108, 66))
