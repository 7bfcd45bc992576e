"""What bodies of vehicles have in common: shells, glass, lamps, wheels.

A vehicle stands along ``x`` with its bonnet to the right; its near side is the front of the space.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from marketplace.demo.drawings_canvas import Colour, Spot, lit, mix
from marketplace.demo.drawings_details import CHROME, INK, PAPER, RUBBER, STEEL
from marketplace.demo.drawings_parts import Flat, Model
from marketplace.demo.drawings_space import Point, front, ring, rounded, side

GLAZING: Colour = (58, 70, 82)
LAMP: Colour = (232, 238, 240)
TAIL_LAMP: Colour = (176, 52, 48)
_PLATES: tuple[Colour, ...] = ((48, 88, 166), (48, 88, 166), (120, 186, 140))
_ARCH: Colour = (24, 25, 29)

Station = tuple[float, float, float, float, float]
"""A cross-section of a shell: place, half its width, height of sill, of waist and of top."""
Level = tuple[float, float, float, float]
"""A level of a cabin: height, rear end, front end, half the width."""
Corner = tuple[float, float, float, float]
"""An end of a lamp that runs round a corner: place, half the width there, bottom and top."""


def shell(model: Model, stations: Sequence[Station], paint: Colour) -> None:
    """The body up to the windows, from station to station."""
    rings = []
    for x, half, sill, waist, height in stations:
        near: list[Spot] = [
            (half * 0.86, sill),
            (half * 0.98, sill + 9),
            (half, sill + (waist - sill) * 0.55),
            (half * 0.97, waist),
            (half * 0.82, height),
        ]
        outline = near + [(-y, z) for y, z in reversed(near)]
        rings.append([(x, y, z) for y, z in outline])
    model.loft(rings, paint, gloss=0.1)


def cabin(model: Model, levels: Sequence[Level], paint: Colour, pillars: Sequence[float]) -> None:
    """Glass all round, pillars and a roof; four levels, the last two of them the roof's."""
    rings = [
        [(x, y, z) for x, y in rounded(rear, -half, ahead - rear, 2 * half, 12)]
        for z, rear, ahead, half in levels
    ]
    model.loft(rings[:3], GLAZING)
    low, high = levels[0], levels[2]
    _upright(model, low, high, (low[2] - 120, low[2] - 92), (high[2] - 90, high[2] - 62), lit(GLAZING, 1.14))
    for x in pillars:
        _upright(model, low, high, (x, x + 9), (x + 1, x + 7), INK)
    _upright(model, low, high, (low[2] - 13, low[2]), (high[2] - 10, high[2]), paint)
    _upright(model, low, high, (low[1], low[1] + 26), (high[1], high[1] + 21), lit(paint, 0.98))
    foot, head = low[3] - 12, high[3] - 6
    windscreen(
        model,
        [
            (low[2] - 4, -foot, low[0] + 3),
            (low[2] - 4, foot, low[0] + 3),
            (high[2] - 2, head, high[0] - 1),
            (high[2] - 2, -head, high[0] - 1),
        ],
    )
    model.loft([[(x, y, z - 3) for x, y, z in rings[2]], rings[2], rings[3]], paint, gloss=0.08)


def _upright(model: Model, low: Level, high: Level, foot: Spot, head: Spot, colour: Colour) -> None:
    """A strip on the near side of a cabin, between two places below and two above."""
    near_low, near_high = -low[3] - 0.4, -high[3] - 0.4
    corners: list[Point] = [
        (foot[0], near_low, low[0]),
        (foot[1], near_low, low[0]),
        (head[1], near_high, high[0]),
        (head[0], near_high, high[0]),
    ]
    model.add(Flat(corners, colour))


def windscreen(model: Model, corners: list[Point]) -> None:
    """A pane with the sky in it, from its lower near corner counter-clockwise."""
    model.add(Flat(corners, lit(GLAZING, 1.34), lit(GLAZING, 1.02)))
    a, b, c, d = corners
    streak = [_between(a, b, 0.3), _between(a, b, 0.5), _between(d, c, 0.74), _between(d, c, 0.54)]
    model.add(Flat(streak, lit(GLAZING, 1.5), lit(GLAZING, 1.2)))


def _between(one: Point, other: Point, share: float) -> Point:
    return (
        one[0] + (other[0] - one[0]) * share,
        one[1] + (other[1] - one[1]) * share,
        one[2] + (other[2] - one[2]) * share,
    )


def window(model: Model, outline: Sequence[Spot], y: float) -> None:
    """A pane in the near side."""
    model.patch(front(y), outline, lit(GLAZING, 1.18), fade=lit(GLAZING, 0.9))
    model.seam(front(y), outline, 1.6, INK)


def flank(
    model: Model, half: float, paint: Colour, *, doors: Sequence[float], belt: float, sill: float
) -> None:
    """Door gaps, handles and the dark sill of the near side, which stands ``half`` the width away."""
    near = front(-half - 0.2)
    model.mark(near, [(doors[0], belt - 16), (doors[-1] + 8, belt - 18)], 1, lit(paint, 0.8))
    for x in doors:
        model.mark(near, [(x, belt), (x - 3, sill + 26), (x + 2, sill + 4)], 0.9, lit(paint, 0.5))
    for x in doors[:-1]:
        model.slab((x + 8, -half - 1.6, belt - 11), 17, 1.6, 3.4, lit(paint, 1.08), radius=1.5)
    start, end = doors[0] + 12, doors[-1] - 4
    model.patch(near, rounded(start, sill - 7, end - start, 7, 2), INK)


def nose(model: Model, x: float, half: float, low: float, high: float, paint: Colour, rng: Random) -> None:
    """Grille, lamps and number plate of the front end at ``x``."""
    face, span = side(x + 0.1), high - low
    model.patch(face, rounded(-half * 0.6, low + span * 0.44, half * 1.2, span * 0.46, 3), INK)
    for at in range(4):
        z = low + span * (0.5 + at * 0.1)
        model.mark(face, [(-half * 0.56, z), (half * 0.56, z)], 0.9, STEEL)
    model.patch(face, ring(0, low + span * 0.68, span * 0.13, count=18), CHROME)
    model.patch(face, rounded(-half * 0.72, low + 1, half * 1.44, span * 0.24, 2), lit(paint, 0.5))
    for y in (-half * 0.96, half * 0.66):
        model.patch(face, rounded(y, low + span * 0.6, half * 0.3, span * 0.28, 3), LAMP)
    plate(model, x + 0.3, low + span * 0.12, rng)


def plate(model: Model, x: float, z: float, rng: Random) -> None:
    """A number plate that tells no number."""
    face, colour = side(x), rng.choice(_PLATES)
    model.patch(face, rounded(-22, z, 44, 13, 1.4), colour)
    model.seam(face, rounded(-20.6, z + 1.4, 41.2, 10.2, 1), 0.6, PAPER)
    for at in range(6):
        model.patch(face, rounded(-17 + at * 6, z + 4, 3.6, 5, 0.6), mix(colour, PAPER, 0.82))


def corner_lamp(model: Model, start: Corner, end: Corner, colour: Colour) -> None:
    """A lamp that runs round a near corner, from its rear to its front end."""
    corners: list[Point] = [
        (start[0], -start[1] - 0.4, start[2]),
        (end[0], -end[1] - 0.4, end[2]),
        (end[0], -end[1] - 0.2, end[3]),
        (start[0], -start[1] - 0.2, start[3]),
    ]
    model.add(Flat(corners, colour, lit(colour, 0.8)))


def far_wheels(model: Model, places: Sequence[float], radius: float, half: float) -> None:
    """What is seen of the wheels under the body."""
    for x in places:
        outline = ring(x, radius, radius, count=28)
        model.extrude(front(0), outline, -half + 6, -half + 26, RUBBER, crisp=False)


def near_wheels(model: Model, places: Sequence[float], radius: float, half: float, rng: Random) -> None:
    """The wheels of the near side in their arches, all turned alike."""
    turn = rng.uniform(0, 1.2)
    for x in places:
        model.patch(front(-half - 0.3), _arch(x, radius, radius + 6), _ARCH)
        wheel(model, x, radius, (half - 22, half + 0.6), turn)


def _arch(x: float, z: float, radius: float) -> list[Spot]:
    turns = (math.pi * step / 16 for step in range(17))
    return [(x + radius * math.cos(turn), z + radius * math.sin(turn)) for turn in turns]


def wheel(model: Model, x: float, radius: float, reach: tuple[float, float], turn: float) -> None:
    """A tyre on a rim with five spokes; ``reach`` is how far its far and near face stand out."""
    model.extrude(front(0), ring(x, radius, radius), *reach, RUBBER, crisp=False)
    face = front(-reach[1] - 0.1)
    model.patch(face, ring(x, radius, radius * 0.98), lit(RUBBER, 0.92))
    model.patch(face, ring(x, radius, radius * 0.66, count=32), lit(STEEL, 0.7))
    model.seam(face, ring(x, radius, radius * 0.64, count=32), radius * 0.05, CHROME)
    for spoke in range(5):
        angle = turn + spoke * math.tau / 5
        across, up = radius * math.cos(angle), radius * math.sin(angle)
        path = [(x + across * share, radius + up * share) for share in (0.1, 0.58)]
        model.mark(face, path, radius * 0.14, CHROME)
    model.patch(face, ring(x, radius, radius * 0.15, count=18), lit(STEEL, 0.9))
