"""Cars, vans, buses and trucks. Their near side is their front here; the bonnet points to the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from marketplace.demo.drawings_canvas import Colour, Spot, lit, mix
from marketplace.demo.drawings_details import CHROME, INK, PAPER, RUBBER, STEEL, wear
from marketplace.demo.drawings_parts import Flat, Model, Solid
from marketplace.demo.drawings_room import Setting, Shot
from marketplace.demo.drawings_space import Point, front, ring, rounded, side

_PAINTS: tuple[Colour, ...] = (
    (44, 47, 54),
    (226, 228, 229),
    (178, 183, 188),
    (58, 74, 104),
    (196, 186, 168),
    (98, 104, 112),
    (112, 54, 50),
)
_WINDOW: Colour = (58, 70, 82)
_LIGHT: Colour = (232, 238, 240)
_TAIL: Colour = (176, 52, 48)
_PLATES: tuple[Colour, ...] = ((48, 88, 166), (48, 88, 166), (120, 186, 140))

Station = tuple[float, float, float, float, float]
"""A cross-section of a body: place, half its width, height of sill, of waist and of top."""

_SALOON: tuple[Station, ...] = (
    (0, 74, 34, 76, 86),
    (8, 83, 27, 86, 98),
    (34, 88, 21, 91, 103),
    (95, 90, 18, 93, 103),
    (330, 90, 18, 91, 97),
    (395, 88, 18, 84, 90),
    (436, 85, 20, 74, 80),
    (460, 78, 25, 64, 70),
    (470, 70, 31, 56, 60),
)
_OFF_ROAD: tuple[Station, ...] = (
    (0, 80, 42, 92, 112),
    (6, 88, 34, 98, 116),
    (30, 92, 28, 102, 118),
    (330, 93, 26, 102, 110),
    (400, 92, 26, 97, 104),
    (446, 90, 28, 90, 97),
    (466, 84, 34, 82, 88),
    (474, 77, 40, 74, 78),
)
_MINIVAN: tuple[Station, ...] = (
    (0, 84, 40, 96, 178),
    (8, 91, 30, 104, 192),
    (40, 94, 24, 106, 196),
    (330, 94, 24, 106, 196),
    (384, 93, 24, 105, 190),
    (452, 92, 24, 100, 122),
    (492, 88, 28, 90, 98),
    (508, 80, 36, 78, 84),
)


def car(model: Model, rng: Random) -> Shot:
    """轿车."""
    paint = rng.choice(_PAINTS)
    _wheels(model, (94, 372), 32, 90, far=True, rng=rng)
    _body(model, _SALOON, paint)
    levels = ((95, 66, 348, 83), (120, 104, 312, 74), (138, 136, 284, 67), (146, 152, 268, 60))
    _cabin(model, levels, paint, pillars=(212,))
    _flank(model, _SALOON, paint, doors=(120, 214, 316), belt=88, sill=26)
    _face(model, 470, 66, 34, 57, paint, rng)
    _lights(model, ((436, 85, 64, 76), (461, 77, 56, 67)), ((6, 83, 72, 86), (30, 88, 76, 90)))
    _mirror(model, 316, 96, 91, paint)
    _wheels(model, (94, 372), 32, 90, far=False, rng=rng)
    wear(model, front(-90), (130, 34), (180, 40), paint, rng)
    return Shot(Setting.YARD, yaw=(24, 38), tilt=(5, 9), fill=(0.76, 0.56))


def suv(model: Model, rng: Random) -> Shot:
    """越野车."""
    paint = rng.choice(_PAINTS)
    _wheels(model, (92, 378), 38, 93, far=True, rng=rng)
    _body(model, _OFF_ROAD, paint)
    levels = ((107, 10, 342, 88), (136, 26, 312, 79), (158, 40, 286, 72), (167, 52, 270, 66))
    _cabin(model, levels, paint, pillars=(124, 222))
    for y in (52, -52):
        model.rod([(66, y, 168), (72, y, 173), (246, y, 173), (254, y, 168)], 3.4, STEEL)
    _flank(model, _OFF_ROAD, paint, doors=(128, 222, 316), belt=98, sill=40)
    _face(model, 474, 74, 44, 76, paint, rng)
    _lights(model, ((446, 90, 80, 93), (467, 83, 74, 85)), ((4, 87, 80, 108), (16, 90, 80, 108)))
    _mirror(model, 316, 108, 94, paint)
    _wheels(model, (92, 378), 38, 93, far=False, rng=rng)
    wear(model, front(-93), (130, 46), (180, 40), paint, rng)
    return Shot(Setting.YARD, yaw=(24, 38), tilt=(5, 9), fill=(0.74, 0.58))


def minibus(model: Model, rng: Random) -> Shot:
    """商务车, 小型客车: one box with a short bonnet."""
    paint = rng.choice(_PAINTS[:5])
    _wheels(model, (96, 408), 34, 94, far=True, rng=rng)
    _body(model, _MINIVAN, paint)
    _pane(model, [(452, -78, 122), (452, 78, 122), (388, 72, 187), (388, -72, 187)], 0.08)
    for start, end in ((28, 128), (134, 228), (234, 330)):
        _glass(
            model, [(start, 112), (end, 112), (end - 2, 164), (start + (14 if start < 30 else 2), 164)], -94.2
        )
    _glass(model, [(336, 112), (426, 112), (392, 158), (376, 164), (336, 164)], -94.2)
    _flank(model, _MINIVAN, paint, doors=(131, 231, 333), belt=100, sill=36)
    model.mark(front(-94.3), [(20, 108), (231, 108)], 1, lit(paint, 0.6))
    _face(model, 508, 76, 40, 82, paint, rng)
    _lights(model, ((482, 89, 84, 98), (500, 84, 78, 92)), ((2, 85, 96, 140), (8, 91, 96, 140)))
    _mirror(model, 396, 116, 95, paint)
    _wheels(model, (96, 408), 34, 94, far=False, rng=rng)
    wear(model, front(-94.3), (130, 46), (220, 50), paint, rng)
    return Shot(Setting.YARD, yaw=(24, 38), tilt=(4, 8), fill=(0.74, 0.6))


def bus(model: Model, rng: Random) -> Shot:
    """大中型客车."""
    paint, stripe = (
        rng.choice((PAPER, (206, 210, 212), (226, 222, 212))),
        rng.choice(((52, 92, 148), (66, 126, 104), (164, 66, 56))),
    )
    length = rng.choice((780.0, 900.0))
    wheels = (160.0, length - 190)
    _wheels(model, wheels, 48, 122, far=True, rng=rng)
    outline = rounded(-122, 40, 244, 258, 26)
    rings = [
        [(x, y * scale, z) for y, z in outline]
        for x, scale in ((0, 0.96), (12, 1), (length - 14, 1), (length, 0.95))
    ]
    model.add(Solid(rings, paint, 0.06, crisp=False))
    near = front(-122)
    model.patch(near, rounded(6, 66, length - 14, 26), stripe, fade=lit(stripe, 0.9))
    model.patch(near, rounded(6, 96, length - 14, 6), mix(stripe, PAPER, 0.45))
    panes = int((length - 190) / 104)
    for at in range(panes):
        _glass(model, rounded(24 + at * 104, 150, 98, 92, 6), -122.2)
    door = length - 132.0
    model.patch(near, rounded(door, 62, 72, 186, 4), lit(paint, 0.82))
    for half in (4, 38):
        _glass(model, rounded(door + half, 70, 30, 172, 4), -122.3)
    nose = side(length)
    model.patch(nose, rounded(-104, 132, 208, 122, 14), lit(_WINDOW, 1.3), fade=_WINDOW)
    model.patch(
        nose, [(-60, 134), (-24, 134), (20, 252), (-16, 252)], lit(_WINDOW, 1.5), fade=lit(_WINDOW, 1.2)
    )
    model.patch(nose, rounded(-70, 260, 140, 20, 4), INK)
    for y in (-98, 64):
        model.patch(nose, rounded(y, 74, 34, 20, 8), _LIGHT)
        model.seam(nose, rounded(y, 74, 34, 20, 8), 1.6, lit(paint, 0.6))
    _number(model, length + 0.2, 56, rng)
    model.patch(near, rounded(2, 130, 8, 34, 2), _TAIL)
    model.rod([(length - 6, -120, 232), (length + 22, -128, 226), (length + 22, -128, 190)], 5, INK)
    _wheels(model, wheels, 48, 122, far=False, rng=rng)
    return Shot(Setting.YARD, yaw=(26, 40), tilt=(3.5, 7), fill=(0.76, 0.6))


def truck(model: Model, rng: Random) -> Shot:
    """载货汽车: a cab with a closed box behind."""
    paint, box = rng.choice(_PAINTS[:5]), rng.choice(((224, 227, 229), (196, 204, 210), (206, 200, 188)))
    _wheels(model, (110, 448), 42, 100, far=True, rng=rng)
    model.box((0, -70, 48), 500, 140, 16, (62, 64, 68))
    model.box((-10, -104, 64), 380, 208, 200, box)
    near = front(-104)
    for at in range(1, 16):
        model.mark(near, [(-10 + at * 23.7, 66), (-10 + at * 23.7, 262)], 1.4, lit(box, 0.88))
    model.seam(near, rounded(-9, 65, 378, 198), 3, lit(box, 0.78))
    model.box((30, -101, 44), 90, 4, 20, (84, 88, 92))
    sections = (
        (384, 92, 46, 130, 226),
        (396, 96, 42, 134, 234),
        (462, 96, 42, 134, 230),
        (502, 94, 42, 126, 148),
        (512, 88, 46, 116, 128),
    )
    _body(model, sections, paint)
    _pane(model, [(502, -80, 150), (502, 80, 150), (466, 76, 226), (466, -76, 226)], 0.06)
    _glass(model, [(404, 144), (490, 144), (462, 208), (404, 208)], -96.2)
    _flank(model, sections, paint, doors=(400, 496), belt=136, sill=62)
    _face(model, 512, 84, 50, 122, paint, rng)
    _lights(model, ((494, 94, 86, 102), (508, 90, 84, 100)), ((-8, 104, 66, 78), (-2, 104, 66, 78)))
    _mirror(model, 480, 160, 98, INK)
    _wheels(model, (110, 448), 42, 100, far=False, rng=rng)
    wear(model, near, (10, 80), (340, 160), box, rng)
    return Shot(Setting.YARD, yaw=(26, 40), tilt=(4, 7), fill=(0.74, 0.6))


def _body(model: Model, stations: Sequence[Station], paint: Colour) -> None:
    rings = []
    for x, half, sill, waist, height in stations:
        near: list[Spot] = [
            (half * 0.86, sill),
            (half * 0.98, sill + 9),
            (half, sill + (waist - sill) * 0.55),
            (half * 0.97, waist),
            (half * 0.82, height),
        ]
        outline = [(y, z) for y, z in near] + [(-y, z) for y, z in reversed(near)]
        rings.append([(x, y, z) for y, z in outline])
    model.loft(rings, paint, gloss=0.1)


def _cabin(
    model: Model, levels: Sequence[tuple[float, float, float, float]], paint: Colour, pillars: Sequence[float]
) -> None:
    """Glass all round, pillars and a roof; a level is height, rear end, front end and half the width."""
    rings = [
        [(x, y, z) for x, y in rounded(rear, -half, ahead - rear, 2 * half, 12)]
        for z, rear, ahead, half in levels
    ]
    model.loft(rings[:3], _WINDOW)
    low, high = levels[0], levels[2]

    def near(x_low: float, x_high: float, share: float) -> Point:
        return (
            x_low + (x_high - x_low) * share,
            -(low[3] + (high[3] - low[3]) * share) - 0.4,
            low[0] + (high[0] - low[0]) * share,
        )

    shine = [
        near(low[2] - 120, high[2] - 90, 0.08),
        near(low[2] - 92, high[2] - 62, 0.08),
        near(low[2] - 92, high[2] - 62, 0.94),
        near(low[2] - 120, high[2] - 90, 0.94),
    ]
    model.add(Flat(shine, lit(_WINDOW, 1.14), None))
    for x in pillars:
        model.add(
            Flat(
                [near(x, x, 0), near(x + 9, x + 9, 0), near(x + 7, x + 7, 1), near(x + 1, x + 1, 1)],
                lit(INK, 1),
            )
        )
    for start, end, thick in (
        ((low[2], high[2], -13.0), (low[2], high[2], 0.0), 0),
        ((low[1], high[1], 0.0), (low[1], high[1], 26.0), 1),
    ):
        corners = [
            near(start[0] + start[2], start[1] + start[2] * 0.8, 0),
            near(end[0] + end[2], end[1] + end[2] * 0.8, 0),
            near(end[0] + end[2], end[1] + end[2] * 0.8, 1),
            near(start[0] + start[2], start[1] + start[2] * 0.8, 1),
        ]
        model.add(Flat(corners, lit(paint, 0.98 if thick else 1)))
    bow = [(high[2] - 2, -high[3] + 6, high[0] - 1), (high[2] - 2, high[3] - 6, high[0] - 1)]
    pane = [(low[2] - 4, low[3] - 12, low[0] + 3), (low[2] - 4, -low[3] + 12, low[0] + 3)]
    _pane(model, [pane[1], pane[0], bow[1], bow[0]], 0.1)
    model.loft([[(x, y, z - 3) for x, y, z in rings[2]], rings[2], rings[3]], paint, gloss=0.08)


def _pane(model: Model, corners: list[Point], inset: float) -> None:
    """A windscreen with the sky in it, from its lower near corner counter-clockwise."""
    model.add(Flat(corners, lit(_WINDOW, 1.34), lit(_WINDOW, 1.02)))
    a, b, c, d = corners

    def between(p: Point, q: Point, share: float) -> Point:
        return (p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share, p[2] + (q[2] - p[2]) * share)

    streak = [
        between(a, b, 0.3),
        between(a, b, 0.42 + inset),
        between(d, c, 0.66 + inset),
        between(d, c, 0.54),
    ]
    model.add(Flat(streak, lit(_WINDOW, 1.5), lit(_WINDOW, 1.2)))


def _glass(model: Model, outline: Sequence[Spot], y: float) -> None:
    """A side window."""
    model.patch(front(y), outline, lit(_WINDOW, 1.18), fade=lit(_WINDOW, 0.9))
    model.seam(front(y), outline, 1.6, INK)


def _flank(
    model: Model,
    stations: Sequence[Station],
    paint: Colour,
    *,
    doors: Sequence[float],
    belt: float,
    sill: float,
) -> None:
    """Door gaps, handles and the dark sill of the near side."""
    half = max(station[1] for station in stations)
    near = front(-half - 0.2)
    model.mark(near, [(doors[0], belt - 16), (doors[-1] + 8, belt - 18)], 1, lit(paint, 0.8))
    for x in doors:
        model.mark(near, [(x, belt), (x - 3, sill + 26), (x + 2, sill + 4)], 0.9, lit(paint, 0.5))
    for x in doors[:-1]:
        model.slab((x + 8, -half - 1.6, belt - 11), 17, 1.6, 3.4, lit(paint, 1.08), radius=1.5)
    start, end = doors[0] + 12, doors[-1] - 4
    model.patch(near, rounded(start, sill - 7, end - start, 7, 2), lit(INK, 1.04))


def _face(model: Model, x: float, half: float, low: float, high: float, paint: Colour, rng: Random) -> None:
    """Grille, lamps and number plate of the front end."""
    nose, span = side(x + 0.1), high - low
    model.patch(nose, rounded(-half * 0.6, low + span * 0.44, half * 1.2, span * 0.46, 3), INK)
    for at in range(4):
        model.mark(
            nose,
            [(-half * 0.56, low + span * (0.5 + at * 0.1)), (half * 0.56, low + span * (0.5 + at * 0.1))],
            0.9,
            STEEL,
        )
    model.patch(nose, ring(0, low + span * 0.68, span * 0.13, count=18), CHROME)
    model.patch(nose, rounded(-half * 0.72, low + 1, half * 1.44, span * 0.24, 2), lit(paint, 0.5))
    for y in (-half * 0.96, half * 0.66):
        model.patch(nose, rounded(y, low + span * 0.6, half * 0.3, span * 0.28, 3), _LIGHT)
    _number(model, x + 0.3, low + span * 0.12, rng)


def _number(model: Model, x: float, z: float, rng: Random) -> None:
    """A number plate that tells no number."""
    plate = rng.choice(_PLATES)
    model.patch(side(x), rounded(-22, z, 44, 13, 1.4), plate)
    model.seam(side(x), rounded(-20.6, z + 1.4, 41.2, 10.2, 1), 0.6, PAPER)
    for at in range(6):
        model.patch(side(x), rounded(-17 + at * 6, z + 4, 3.6, 5, 0.6), mix(plate, PAPER, 0.82))


_Lamp = tuple[tuple[float, float, float, float], tuple[float, float, float, float]]


def _lights(model: Model, ahead: _Lamp, behind: _Lamp) -> None:
    """Lamps that run round the near corners; each end is place, half the width there, bottom and top."""
    for (start, end), colour in ((ahead, _LIGHT), (behind, _TAIL)):
        corners = [
            (start[0], -start[1] - 0.4, start[2]),
            (end[0], -end[1] - 0.4, end[2]),
            (end[0], -end[1] - 0.2, end[3]),
            (start[0], -start[1] - 0.2, start[3]),
        ]
        model.add(Flat(corners, colour, lit(colour, 0.8)))


def _mirror(model: Model, x: float, z: float, half: float, paint: Colour) -> None:
    model.box((x, -half - 15, z), 9, 14, 11, paint, radius=3)


def _wheels(
    model: Model, places: Sequence[float], radius: float, half: float, *, far: bool, rng: Random
) -> None:
    """The wheels of one side, the near ones in their arches."""
    for x in places:
        if far:
            model.extrude(
                front(0), ring(x, radius, radius, count=28), -half + 6, -half + 26, RUBBER, crisp=False
            )
            continue
        arch = [
            (
                x + (radius + 6) * math.cos(math.pi * at / 16),
                radius + (radius + 6) * math.sin(math.pi * at / 16),
            )
            for at in range(17)
        ]
        model.patch(front(-half - 0.3), arch, (24, 25, 29))
        model.extrude(front(0), ring(x, radius, radius, count=36), half - 22, half + 0.6, RUBBER, crisp=False)
        near = front(-half - 0.7)
        model.patch(near, ring(x, radius, radius * 0.98, count=36), lit(RUBBER, 0.92))
        model.patch(near, ring(x, radius, radius * 0.66, count=32), lit(STEEL, 0.7))
        model.seam(near, ring(x, radius, radius * 0.64, count=32), radius * 0.05, CHROME)
        turn = rng.uniform(0, 1.2)
        for spoke in range(5):
            angle = turn + spoke * math.tau / 5
            across, up = radius * math.cos(angle), radius * math.sin(angle)
            model.mark(
                near,
                [(x + across * 0.1, radius + up * 0.1), (x + across * 0.58, radius + up * 0.58)],
                radius * 0.14,
                CHROME,
            )
        model.patch(near, ring(x, radius, radius * 0.15, count=18), lit(STEEL, 0.9))
