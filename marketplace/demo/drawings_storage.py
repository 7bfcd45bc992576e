"""Cabinets, shelves and screens."""

from __future__ import annotations

import math
from random import Random

from marketplace.demo.drawings_canvas import Colour, lit, mix
from marketplace.demo.drawings_details import (
    CHROME,
    INK,
    PAPER,
    STEEL,
    books,
    door,
    fabric,
    handle,
    keys,
    lacquer,
    lamp,
    vents,
    wear,
    wood,
)
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_room import Shot
from marketplace.demo.drawings_space import Frame, front, ring, rounded, side

_TALL = Shot(yaw=(20, 36), tilt=(6, 10), fill=(0.62, 0.78))
_CARDBOARD: Colour = (190, 156, 116)


def filing_cabinet(model: Model, rng: Random) -> Shot:
    """文件柜: steel doors, glass above, or four drawers."""
    colour, style = lacquer(rng), rng.choice(("glass", "glass", "doors", "drawers"))
    width = 46.0 if style == "drawers" else 86.0
    height = 132.0 if style == "drawers" else 180.0
    model.box((1, 2, 0), width - 2, 40, 5, lit(colour, 0.6))
    model.box((0, 0, 5), width, 46 if style == "drawers" else 42, height - 5, colour)
    if style == "drawers":
        _drawers(model, width, height, colour)
    else:
        _double_doors(model, width, height, colour, glass=style == "glass", rng=rng)
    wear(model, front(0), (4, 12), (width - 8, 60), colour, rng)
    return _TALL


def _drawers(model: Model, width: float, height: float, colour: Colour) -> None:
    tall = (height - 9) / 4
    for at in range(4):
        z = 7 + at * tall
        door(model, front(0), (1.6, z), width - 3.2, tall - 1.2, lit(colour, 1.03), 0.6)
        model.patch(front(0), rounded(width / 2 - 6, z + tall * 0.66, 12, 5, 0.5), PAPER)
        model.seam(front(0), rounded(width / 2 - 6, z + tall * 0.66, 12, 5, 0.5), 0.6, STEEL)
        handle(model, (width / 2 - 8, 0, z + tall * 0.4), 16, 2.2, CHROME)
    model.patch(front(0), ring(width - 6, height - 5, 1.2, count=14), CHROME)


def _double_doors(
    model: Model, width: float, height: float, colour: Colour, *, glass: bool, rng: Random
) -> None:
    middle, half = width / 2, width / 2 - 1.6
    split = 84.0 if glass else height - 4
    for x in (1.2, middle + 0.4):
        door(model, front(0), (x, 8), half, split - 9, lit(colour, 1.03), 0.6)
        if glass:
            _glass_door(model, x, split + 1.5, half, height - split - 3.5, colour, rng)
    for x in (middle - 5, middle + 3):
        handle(model, (x, 0, split * 0.52), 2, 13, CHROME)
        if glass:
            handle(model, (x, 0, split + 30), 2, 13, CHROME)


def _glass_door(
    model: Model, x: float, z: float, width: float, height: float, colour: Colour, rng: Random
) -> None:
    """A glazed door with files behind it."""
    face = front(0)
    model.patch(face, rounded(x, z, width, height, 0.6), lit(colour, 0.98))
    x, z, width, height = x + 3, z + 3, width - 6, height - 6
    model.patch(face, rounded(x, z, width, height), (74, 84, 92), fade=(92, 102, 108))
    for level in (0.02, 0.35, 0.68):
        base, at = z + height * level, x + 1.0
        while at < x + width - 5 and rng.random() < 0.94:
            spine = rng.choice(((54, 76, 108), (98, 104, 110), (120, 66, 60), (60, 88, 84), (170, 160, 140)))
            tall = height * 0.26
            model.patch(face, rounded(at, base, 4.2, tall), mix(spine, (74, 84, 92), 0.3))
            model.patch(
                face, rounded(at + 1, base + tall * 0.5, 2.2, tall * 0.34), mix(PAPER, (74, 84, 92), 0.35)
            )
            at += 4.7
        model.patch(face, rounded(x, base - 1.6, width, 1.6), mix(colour, (74, 84, 92), 0.35))
    shine = [
        (x + width * 0.1, z),
        (x + width * 0.34, z),
        (x + width * 0.52, z + height * 0.34),
        (x + width * 0.28, z + height * 0.34),
    ]
    model.patch(face, shine, (126, 140, 148), fade=(104, 116, 124))
    model.seam(face, rounded(x, z, width, height), 0.7, lit(colour, 0.66))


def wardrobe(model: Model, rng: Random) -> Shot:
    """更衣柜: steel lockers, or a wardrobe of wood."""
    if rng.random() < 0.4:
        timber = wood(rng)
        model.box((2, 4, 0), 96, 52, 8, lit(timber, 0.66))
        model.box((0, 0, 8), 100, 58, 186, timber)
        for x in (1.4, 50.4):
            door(model, front(0), (x, 10), 48, 182, lit(timber, 1.05), 0.6)
            model.seam(front(0), rounded(x + 7, 18, 34, 74, 0.4), 0.7, lit(timber, 0.8))
            model.seam(front(0), rounded(x + 7, 104, 34, 80, 0.4), 0.7, lit(timber, 0.8))
        for x in (45, 53):
            handle(model, (x, 0, 92), 2, 20)
        wear(model, front(0), (6, 14), (88, 80), timber, rng)
        return _TALL
    colour = lacquer(rng)
    fronts = rng.choice((colour, colour, (116, 142, 168), (150, 168, 150)))
    model.box((1, 2, 0), 88, 46, 8, lit(colour, 0.6))
    model.box((0, 0, 8), 90, 50, 177, colour)
    for column in range(3):
        for row in range(2):
            _locker(model, 1.4 + column * 29.4, 10 + row * 87, 28.4, 85.6, fronts)
    wear(model, front(0), (4, 12), (80, 80), fronts, rng)
    return _TALL


def _locker(model: Model, x: float, z: float, width: float, height: float, colour: Colour) -> None:
    door(model, front(0), (x, z), width, height, lit(colour, 1.03), 0.6)
    for base in (z + height * 0.1, z + height * 0.82):
        vents(model, front(0), (x + width * 0.28, base), (width * 0.44, 8), 4, lit(colour, 0.6))
    model.patch(front(0), rounded(x + width * 0.3, z + height * 0.66, width * 0.4, 5, 0.4), PAPER)
    handle(model, (x + width - 6, 0, z + height * 0.44), 2.2, 9, CHROME)


def safe(model: Model, rng: Random) -> Shot:
    """保密柜, 保险柜: thick steel, a wheel and a keypad."""
    colour = rng.choice(((84, 98, 92), (96, 100, 106), (120, 106, 92), (62, 66, 72), (198, 196, 188)))
    tall = rng.choice((62.0, 80.0, 110.0))
    for x in (3, 45):
        model.box((x, 4, 0), 6, 6, 4, INK)
    model.box((0, 0, 4), 54, 46, tall, colour, radius=1.2)
    face = front(0)
    model.patch(face, rounded(3, 7, 48, tall - 6, 1), lit(colour, 0.66))
    model.slab((4, -2.4, 8), 46, 2.4, tall - 8, lit(colour, 1.03), radius=1)
    for z in (tall * 0.22, tall * 0.78):
        model.box((2, -2.8, z), 3, 3, 9, STEEL, radius=1)
    plate, middle = front(-2.4), tall * 0.52 + 4
    model.seam(plate, rounded(8, 12, 38, tall - 16, 1), 0.5, lit(colour, 0.78))
    _wheel(model, 32, -2.4, middle - 8)
    model.patch(plate, rounded(18, middle + 6, 18, 13, 1.2), INK)
    model.patch(plate, rounded(19.4, middle + 14.4, 15.2, 3.4, 0.4), (96, 130, 110), glows=True)
    keys(model, plate, (19, middle + 7), (16, 6.8), (4, 3), (206, 208, 210))
    lamp(model, plate, 34.4, middle + 20.4, 0.5, (110, 214, 140))
    model.patch(plate, ring(18, middle - 8, 2.2, count=18), CHROME)
    model.patch(plate, rounded(17.6, middle - 9.6, 0.8, 3.2), INK)
    wear(model, plate, (8, 12), (36, tall - 24), colour, rng)
    return Shot(yaw=(20, 36), tilt=(10, 15), fill=(0.56, 0.72))


def _wheel(model: Model, x: float, y: float, z: float) -> None:
    """A wheel with three spokes."""
    face = front(y)
    model.extrude(face, ring(x, z, 2.4, count=20), 0, 3.4, CHROME, gloss=0.2, crisp=False)
    for at in range(3):
        turn = math.pi / 2 + at * math.tau / 3
        model.rod(
            [(x, y - 3.4, z), (x + 7.4 * math.cos(turn), y - 3.4, z + 7.4 * math.sin(turn))],
            1.6,
            (128, 133, 139),
        )
        knob = ring(x + 7.4 * math.cos(turn), z + 7.4 * math.sin(turn), 1.3, count=14)
        model.extrude(face, knob, 2, 5.4, INK, crisp=False)


def bookcase(model: Model, rng: Random) -> Shot:
    """书柜: open above, doors below."""
    timber = wood(rng)
    model.box((0, 0, 0), 3, 34, 196, timber)
    model.patch(front(32), rounded(3, 8, 94, 186), lit(timber, 0.72), fade=lit(timber, 0.66))
    model.box((3, 1, 2), 94, 31, 66, lit(timber, 0.97))
    for x in (4, 50.4):
        door(model, front(1), (x, 5), 45.6, 61, lit(timber, 1.05), 0.6)
        model.seam(front(1), rounded(x + 6, 12, 33.6, 46, 0.4), 0.6, lit(timber, 0.82))
    for x in (45, 53):
        handle(model, (x, 1, 44), 1.8, 10)
    for level in range(4):
        z = 68 + level * 31.4
        model.box((3, 1, z), 94, 31, 2.4, timber)
        if level < 4:
            books(model, (5, 6, z + 2.4), 89 if rng.random() < 0.6 else 52, 22, 27, rng)
    model.box((97, 0, 0), 3, 34, 196, timber)
    model.box((-1, -1, 193), 102, 36, 4, lit(timber, 1.04))
    return _TALL


def shelf(model: Model, rng: Random) -> Shot:
    """架类: a rack of angle steel with boxes on it."""
    metal = rng.choice(((92, 122, 158), (128, 134, 140), (206, 208, 209), (84, 90, 98)))
    for x in (0, 116):
        model.box((x, 42, 0), 4, 4, 190, metal)
    model.rod([(2, 45, 10), (118, 45, 186)], 1, lit(metal, 0.9))
    model.rod([(118, 45, 10), (2, 45, 186)], 1, lit(metal, 0.9))
    model.box((0, 0, 0), 4, 4, 190, metal)
    for level in range(4):
        z = 10 + level * 57.0
        model.box((0, 0, z), 120, 46, 3, lit(metal, 1.06))
        if level < 3:
            _stock(model, z + 3, rng)
    model.box((116, 0, 0), 4, 4, 190, metal)
    for z in range(14, 186, 8):
        model.patch(front(0), ring(118, z, 0.5, count=8), lit(metal, 0.5))
        model.patch(front(0), ring(2, z, 0.5, count=8), lit(metal, 0.5))
    return _TALL


def _stock(model: Model, z: float, rng: Random) -> None:
    """Boxes and binders on one level."""
    x = 7.0
    while x < 84:
        if rng.random() < 0.3:
            books(model, (x, 8, z), 34, 24, 32, rng)
            x += 36
            continue
        width, tall = rng.uniform(22, 34), rng.uniform(18, 40)
        tone = lit(_CARDBOARD, rng.uniform(0.9, 1.08))
        model.box((x, 5, z), width, 34, tall, tone)
        model.patch(front(5), rounded(x + width * 0.42, z, width * 0.16, tall), lit(tone, 1.12))
        model.patch(front(5), rounded(x + width * 0.66, z + tall * 0.2, width * 0.26, tall * 0.24), PAPER)
        x += width + rng.uniform(1, 6)


def partition(model: Model, rng: Random) -> Shot:
    """屏风: three leaves that fold, or a straight screen between desks."""
    timber, cloth = wood(rng), rng.choice((fabric(rng), (206, 198, 182), (166, 182, 186)))
    if rng.random() < 0.4:
        return _straight_screen(model, cloth, rng)
    swing = math.radians(rng.uniform(20, 30))
    x, y = 0.0, 0.0
    for at in range(3):
        turn = swing if at % 2 == 0 else -swing
        leaf = Frame((x, y, 4), (math.cos(turn), math.sin(turn), 0), (0, 0, 1))
        model.extrude(leaf, rounded(0, 0, 56, 172, 1), -3, 0, timber)
        for z, tall in ((6, 34), (44, 122)):
            model.patch(leaf, rounded(5, z, 46, tall), cloth, fade=lit(cloth, 0.92))
            model.seam(leaf, rounded(5, z, 46, tall), 0.8, lit(timber, 0.7))
        for line in range(1, 4):
            model.mark(leaf, [(5 + line * 11.5, 44), (5 + line * 11.5, 166)], 0.6, lit(timber, 0.9))
        x, y = x + 56.6 * math.cos(turn), y + 56.6 * math.sin(turn)
    return Shot(yaw=(14, 26), tilt=(6, 10), fill=(0.66, 0.74))


def _straight_screen(model: Model, cloth: Colour, rng: Random) -> Shot:
    for at in range(3):
        x = at * 82.0
        model.box((x + 8, -20, 0), 4, 44, 4, STEEL)
        model.box((x + 68, -20, 0), 4, 44, 4, STEEL)
        model.slab((x, 0, 4), 80, 5, 100, STEEL, radius=0.6)
        model.patch(front(0), rounded(x + 3, 7, 74, 94), cloth, fade=lit(cloth, 0.92))
        model.slab((x, 1, 104), 80, 3, 34, CHROME, radius=0.6)
        model.patch(front(1), rounded(x + 3, 107, 74, 28), (206, 222, 224), fade=(178, 200, 204))
        model.patch(front(1), [(x + 20, 107), (x + 34, 107), (x + 54, 135), (x + 40, 135)], (224, 235, 236))
    model.patch(side(244), rounded(0, 6, 5, 98), lit(cloth, 0.6))
    wear(model, front(0), (6, 10), (230, 80), cloth, rng)
    return Shot(yaw=(18, 32), tilt=(7, 11), fill=(0.72, 0.66))
