"""Chairs, sofas and beds."""

from __future__ import annotations

import math
from random import Random

from marketplace.demo.drawings_canvas import Colour, Spot, lit, mix
from marketplace.demo.drawings_details import CHROME, INK, PAPER, RUBBER, STEEL, fabric, wear, wood
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_room import Shot
from marketplace.demo.drawings_space import front, ring, rounded, side, tilted, top


def office_chair(model: Model, rng: Random) -> Shot:
    """办公椅 on a star of castors."""
    cloth, shell = fabric(rng), rng.choice((INK, INK, (200, 203, 206)))
    high = rng.random() < 0.5
    start = rng.uniform(0, 1.2)
    _star(model, start, shell)
    model.turned(0, 0, [(4, 9), (3.4, 18), (2.4, 18), (2.4, 34)], RUBBER, count=18)
    model.box((-13, -12, 34), 26, 26, 4, INK, radius=3)
    _arm(model, -31, shell)
    model.rod([(0, 22, 36), (0, 31, 40), (0, 32, 66)], 4, shell)
    back = tilted(0, 23, 50, 9)
    tall = 62 if high else 50
    model.extrude(back, _shield(24, 21, tall), -4, 1.6, cloth)
    for at in range(1, 4 if high else 3):
        model.mark(back, [(-18, tall * at / 4), (18, tall * at / 4)], 0.5, lit(cloth, 0.8))
    if high and rng.random() < 0.5:
        model.rod([(0, 34, 106), (0, 36, 120)], 3, shell)
        model.extrude(tilted(0, 33, 114, 12), rounded(-13, 0, 26, 13, 5), -4, 1, cloth)
    model.extrude(top(0), rounded(-26, -27, 52, 52, 13), 38, 41, lit(cloth, 0.86))
    model.extrude(top(0), rounded(-25.4, -26.4, 50.8, 50.8, 14), 41, 46, cloth)
    model.patch(top(46), rounded(-21, -22, 42, 42, 11), lit(cloth, 1.05), fade=lit(cloth, 0.98))
    _arm(model, 26, shell)
    wear(model, top(46), (-18, -18), (36, 36), cloth, rng)
    return Shot(yaw=(22, 44), tilt=(10, 14), fill=(0.6, 0.78))


def _star(model: Model, start: float, colour: Colour) -> None:
    """Five legs on castors, the hind ones first."""
    turns = sorted((start + at * math.tau / 5 for at in range(5)), key=lambda turn: -math.sin(turn))
    for turn in turns:
        x, y = 30 * math.cos(turn), 30 * math.sin(turn)
        model.extrude(front(y), ring(x, 3.4, 3.4, count=16), -2.6, 2.6, RUBBER, crisp=False)
        model.rod([(x, y, 8), (0, 0, 12)], 4.4, colour)


def _arm(model: Model, x: float, colour: Colour) -> None:
    model.rod([(x + 2.5, 2, 40), (x + 2.5, 4, 62)], 4.2, colour)
    model.box((x, -13, 62), 6, 28, 3.4, INK, radius=2.8)


def _shield(bottom: float, upper: float, height: float) -> list[Spot]:
    """The outline of a chair's back: broad below, rounded above."""
    left = [
        (-bottom + 4, 0.0),
        (bottom - 4, 0.0),
        (bottom, 5.0),
        (bottom, height * 0.45),
        (upper, height * 0.82),
    ]
    arc = [(upper - 10 + 10 * math.cos(t * 0.314), height - 10 + 10 * math.sin(t * 0.314)) for t in range(6)]
    right_side = left[2:] + arc
    return [*left[:2], *right_side, *[(-x, z) for x, z in reversed(right_side)]]


def meeting_chair(model: Model, rng: Random) -> Shot:
    """会议椅: a padded seat on four legs, or on runners, or of wood."""
    cloth = fabric(rng)
    if rng.random() < 0.35:
        return _wooden_chair(model, cloth, wood(rng), rng)
    metal = rng.choice((CHROME, STEEL, (72, 76, 82)))
    runners = rng.random() < 0.5
    for x in (-23.0, 23.0):
        if x > 0:
            _pads(model, cloth)
        if runners:
            model.rod([(x, 24, 86), (x, 20, 45), (x, -20, 44), (x, -24, 2), (x, 24, 2)], 2.4, metal)
        else:
            model.rod([(x, 28, 1), (x, 21, 46), (x, 26, 86)], 2.4, metal)
            model.rod([(x, 20, 44), (x, -20, 44), (x, -24, 1)], 2.4, metal)
    wear(model, top(50), (-18, -18), (36, 34), cloth, rng)
    return Shot(yaw=(24, 44), tilt=(10, 15), fill=(0.56, 0.74))


def _pads(model: Model, cloth: Colour) -> None:
    back = tilted(0, 21, 58, 9)
    model.extrude(back, _shield(22, 20, 34), -3, 2, cloth)
    model.box((-23, -23, 44), 46, 45, 2, INK, radius=6)
    model.box((-22.5, -22.5, 46), 45, 44, 4, cloth, radius=8)
    model.patch(top(50), rounded(-19, -19, 38, 37, 7), lit(cloth, 1.05), fade=lit(cloth, 0.98))


def _wooden_chair(model: Model, cloth: Colour, timber: Colour, rng: Random) -> Shot:
    for x in (-22.0, 18.0):
        model.box((x, 20, 0), 4, 4, 92, timber)
    model.box((-22, 20, 84), 44, 4, 8, timber, radius=1)
    model.extrude(front(20), rounded(-17, 54, 34, 26, 3), -3, 1.6, cloth)
    model.box((-22, -20, 0), 4, 4, 42, timber)
    model.box((-22, -20, 38), 44, 44, 6, lit(timber, 0.94), radius=1)
    model.box((-21, -20, 44), 42, 40, 5, cloth, radius=5)
    model.box((18, -20, 0), 4, 4, 38, timber)
    for x in (-22.5, 17.5):
        model.box((x, -20, 44), 4, 4, 22, timber)
        model.box((x - 0.5, -22, 66), 5, 45, 3, lit(timber, 1.06), radius=1.2)
    wear(model, front(-20), (-20, 38), (38, 5), timber, rng)
    return Shot(yaw=(24, 42), tilt=(10, 15), fill=(0.56, 0.74))


def sofa(model: Model, rng: Random) -> Shot:
    """三人沙发."""
    return _sofa(model, rng, 3)


def armchair(model: Model, rng: Random) -> Shot:
    """单人沙发."""
    return _sofa(model, rng, 1)


def _sofa(model: Model, rng: Random, seats: int) -> Shot:
    cloth = rng.choice((fabric(rng), (60, 48, 44), (44, 46, 52), (156, 144, 126)))
    width, arm = seats * 60.0, rng.choice((16.0, 20.0))
    foot = rng.choice((INK, CHROME, wood(rng)))
    for x in (-arm + 4, width + arm - 9):
        for y in (70, 6):
            model.box((x, y, 0), 5, 5, 12, foot)
    model.box((-arm + 2, 4, 12), width + 2 * arm - 4, 78, 14, lit(cloth, 0.82), radius=2)
    model.extrude(
        side(0), _cushion(60, 24, 84, 82, 7), -arm + 2, width + arm - 2, lit(cloth, 0.94), crisp=False
    )
    model.extrude(side(0), _cushion(0, 12, 80, 62, 7), -arm, 0, cloth)
    for seat in range(seats):
        x = seat * 60.0
        lean: list[Spot] = [(46, 40), (58, 40), (68, 78), (62, 84), (55, 80)]
        model.extrude(side(0), _softened(lean), x + 0.6, x + 59.4, lit(cloth, 1.03))
        model.extrude(side(0), _cushion(0, 26, 58, 44, 5), x + 0.6, x + 59.4, lit(cloth, 1.06))
        model.mark(front(0), [(x + 1, 27.4), (x + 59, 27.4)], 0.5, lit(cloth, 0.72))
    model.extrude(side(0), _cushion(0, 12, 80, 62, 7), width, width + arm, cloth)
    if rng.random() < 0.4 and seats > 1:
        pillow = tilted(width - 36, 44, 45, 24)
        model.extrude(
            pillow,
            rounded(0, 0, 34, 30, 7),
            -7,
            2,
            mix(cloth, rng.choice(((214, 190, 150), (190, 90, 70), PAPER)), 0.75),
        )
    return Shot(yaw=(20, 36), tilt=(10, 15), fill=(0.7, 0.64) if seats > 1 else (0.56, 0.66))


def _cushion(y0: float, z0: float, y1: float, z1: float, radius: float) -> list[Spot]:
    return rounded(y0, z0, y1 - y0, z1 - z0, radius)


def _softened(corners: list[Spot]) -> list[Spot]:
    """A polygon with its corners cut, so that light runs over them."""
    soft: list[Spot] = []
    for at, (x, y) in enumerate(corners):
        for nx, ny in (corners[at - 1], corners[(at + 1) % len(corners)]):
            soft.append((x + (nx - x) * 0.22, y + (ny - y) * 0.22))
    return soft


def bed(model: Model, rng: Random) -> Shot:
    """A single bed of wood, or an iron bunk of a duty room."""
    blanket = rng.choice(((96, 116, 148), (120, 138, 116), (160, 132, 112), (88, 104, 120)))
    if rng.random() < 0.35:
        return _bunk(model, blanket, rng)
    timber = wood(rng)
    model.box((0, 200, 0), 124, 6, 92, timber, radius=1)
    model.patch(front(200), rounded(8, 44, 108, 42, 2), lit(timber, 1.08), fade=lit(timber, 0.98))
    for x in (4, 112):
        model.box((x, 2, 0), 8, 8, 20, lit(timber, 0.8))
    model.box((0, 0, 18), 124, 200, 16, timber, radius=1)
    _bedding(model, 3, 3, 34, 118, 196, blanket, rng)
    return Shot(yaw=(28, 44), tilt=(14, 19), fill=(0.72, 0.66))


def _bedding(
    model: Model, x: float, y: float, z: float, width: float, length: float, blanket: Colour, rng: Random
) -> None:
    """Mattress, sheet, pillow and a folded blanket."""
    model.box((x, y, z), width, length, 16, PAPER, radius=5)
    model.box((x + 10, y + length - 44, z + 16), width - 20, 36, 6, PAPER, radius=10)
    model.box((x + 14, y + length - 40, z + 22), width - 28, 28, 3, lit(PAPER, 0.98), radius=10)
    model.box((x - 0.6, y - 0.6, z + 5), width + 1.2, length * 0.62, 12.4, blanket, radius=5)
    fold = y + length * 0.62 - 16
    model.box((x - 1, fold, z + 5), width + 2, 15, 13.4, mix(blanket, PAPER, 0.7), radius=2)
    for line in range(3):
        at = y + 20 + line * rng.uniform(24, 30)
        model.mark(
            top(z + 17.5), [(x + 4, at), (x + width - 4, at + rng.uniform(-4, 4))], 0.8, lit(blanket, 0.92)
        )


def _bunk(model: Model, blanket: Colour, rng: Random) -> Shot:
    metal = rng.choice(((92, 112, 132), (120, 126, 132), (86, 100, 96)))
    for x in (0, 90):
        model.box((x, 196, 0), 4, 4, 172, metal)
    model.box((0, 0, 0), 4, 4, 172, metal)
    for z in (34.0, 112.0):
        model.rod([(2, 198, z + 34), (92, 198, z + 34)], 3, metal)
        model.box((0, 2, z), 94, 196, 5, metal)
        _bedding(model, 4, 6, z + 5, 86, 188, blanket, rng)
        model.rod([(2, 2, z + 34), (92, 2, z + 34)], 3, metal)
    model.rod([(92, 110, 150), (92, 196, 150)], 3, metal)
    model.box((90, 0, 0), 4, 4, 172, metal)
    for z in range(30, 112, 20):
        model.rod([(93, 60, z), (93, 90, z)], 2.6, metal)
    return Shot(yaw=(34, 46), tilt=(7, 11), fill=(0.7, 0.78))
