"""Cars, vans, buses and trucks. Their near side is their front here; the bonnet points to the right."""

from __future__ import annotations

from random import Random

from marketplace.demo.drawings_bodywork import (
    GLAZING,
    LAMP,
    TAIL_LAMP,
    Station,
    cabin,
    corner_lamp,
    far_wheels,
    flank,
    near_wheels,
    nose,
    plate,
    shell,
    wheel,
    window,
    windscreen,
)
from marketplace.demo.drawings_canvas import Colour, Spot, lit, mix
from marketplace.demo.drawings_details import CHROME, INK, PAPER, STEEL, wear
from marketplace.demo.drawings_parts import Model, Solid
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
_CAB: tuple[Station, ...] = (
    (384, 92, 46, 130, 226),
    (396, 96, 42, 134, 234),
    (462, 96, 42, 134, 230),
    (502, 94, 42, 126, 148),
    (512, 88, 46, 116, 128),
)
_COACHES: tuple[Colour, ...] = (PAPER, (206, 210, 212), (226, 222, 212))
_STRIPES: tuple[Colour, ...] = ((52, 92, 148), (66, 126, 104), (164, 66, 56))
_BOXES: tuple[Colour, ...] = ((224, 227, 229), (196, 204, 210), (206, 200, 188))


def car(model: Model, rng: Random) -> Shot:
    """轿车."""
    paint = rng.choice(_PAINTS)
    far_wheels(model, (94, 372), 32, 90)
    shell(model, _SALOON, paint)
    levels = ((95, 66, 348, 83), (120, 104, 312, 74), (138, 136, 284, 67), (146, 152, 268, 60))
    cabin(model, levels, paint, pillars=(212,))
    flank(model, 90, paint, doors=(120, 214, 316), belt=88, sill=26)
    nose(model, 470, 66, 34, 57, paint, rng)
    corner_lamp(model, (436, 85, 64, 76), (461, 77, 56, 67), LAMP)
    corner_lamp(model, (6, 83, 72, 86), (30, 88, 76, 90), TAIL_LAMP)
    _mirror(model, 316, 96, 91, paint)
    near_wheels(model, (94, 372), 32, 90, rng)
    wear(model, front(-90), (130, 34), (180, 40), paint, rng)
    return Shot(Setting.YARD, yaw=(24, 38), tilt=(5, 9), fill=(0.76, 0.56))


def suv(model: Model, rng: Random) -> Shot:
    """越野车."""
    paint = rng.choice(_PAINTS)
    far_wheels(model, (92, 378), 38, 93)
    shell(model, _OFF_ROAD, paint)
    levels = ((107, 10, 342, 88), (136, 26, 312, 79), (158, 40, 286, 72), (167, 52, 270, 66))
    cabin(model, levels, paint, pillars=(124, 222))
    for y in (52, -52):
        model.rod([(66, y, 168), (72, y, 173), (246, y, 173), (254, y, 168)], 3.4, STEEL)
    flank(model, 93, paint, doors=(128, 222, 316), belt=98, sill=40)
    nose(model, 474, 74, 44, 76, paint, rng)
    corner_lamp(model, (446, 90, 80, 93), (467, 83, 74, 85), LAMP)
    corner_lamp(model, (4, 87, 80, 108), (16, 90, 80, 108), TAIL_LAMP)
    _mirror(model, 316, 108, 94, paint)
    near_wheels(model, (92, 378), 38, 93, rng)
    wear(model, front(-93), (130, 46), (180, 40), paint, rng)
    return Shot(Setting.YARD, yaw=(24, 38), tilt=(5, 9), fill=(0.74, 0.58))


def minibus(model: Model, rng: Random) -> Shot:
    """商务车, 小型客车: one box with a short bonnet."""
    paint = rng.choice(_PAINTS[:5])
    far_wheels(model, (96, 408), 34, 94)
    shell(model, _MINIVAN, paint)
    windscreen(model, [(452, -78, 122), (452, 78, 122), (388, 72, 187), (388, -72, 187)])
    for start, end in ((28, 128), (134, 228), (234, 330)):
        lean = 14 if start < 30 else 2
        window(model, [(start, 112), (end, 112), (end - 2, 164), (start + lean, 164)], -94.2)
    window(model, [(336, 112), (426, 112), (392, 158), (376, 164), (336, 164)], -94.2)
    flank(model, 94, paint, doors=(131, 231, 333), belt=100, sill=36)
    model.mark(front(-94.3), [(20, 108), (231, 108)], 1, lit(paint, 0.6))
    nose(model, 508, 76, 40, 82, paint, rng)
    corner_lamp(model, (482, 89, 84, 98), (500, 84, 78, 92), LAMP)
    corner_lamp(model, (2, 85, 96, 140), (8, 91, 96, 140), TAIL_LAMP)
    _mirror(model, 396, 116, 95, paint)
    near_wheels(model, (96, 408), 34, 94, rng)
    wear(model, front(-94.3), (130, 46), (220, 50), paint, rng)
    return Shot(Setting.YARD, yaw=(24, 38), tilt=(4, 8), fill=(0.74, 0.6))


def bus(model: Model, rng: Random) -> Shot:
    """大中型客车."""
    paint, stripe = rng.choice(_COACHES), rng.choice(_STRIPES)
    length = rng.choice((780.0, 900.0))
    axles = (160.0, length - 190)
    far_wheels(model, axles, 48, 122)
    outline, ends = rounded(-122, 40, 244, 258, 26), ((0, 0.96), (12, 1), (length - 14, 1), (length, 0.95))
    rings: list[list[Point]] = [[(x, y * scale, z) for y, z in outline] for x, scale in ends]
    model.add(Solid(rings, paint, 0.06, crisp=False))
    near, door = front(-122), length - 132.0
    model.patch(near, rounded(6, 66, length - 14, 26), stripe, fade=lit(stripe, 0.9))
    model.patch(near, rounded(6, 96, length - 14, 6), mix(stripe, PAPER, 0.45))
    for at in range(int((length - 190) / 104)):
        window(model, rounded(24 + at * 104, 150, 98, 92, 6), -122.2)
    model.patch(near, rounded(door, 62, 72, 186, 4), lit(paint, 0.82))
    for half in (4, 38):
        window(model, rounded(door + half, 70, 30, 172, 4), -122.3)
    model.patch(near, rounded(2, 130, 8, 34, 2), TAIL_LAMP)
    _coach_nose(model, length, paint, rng)
    near_wheels(model, axles, 48, 122, rng)
    return Shot(Setting.YARD, yaw=(26, 40), tilt=(3.5, 7), fill=(0.76, 0.6))


def _coach_nose(model: Model, x: float, paint: Colour, rng: Random) -> None:
    face = side(x)
    model.patch(face, rounded(-104, 132, 208, 122, 14), lit(GLAZING, 1.3), fade=GLAZING)
    streak: list[Spot] = [(-60, 134), (-24, 134), (20, 252), (-16, 252)]
    model.patch(face, streak, lit(GLAZING, 1.5), fade=lit(GLAZING, 1.2))
    model.patch(face, rounded(-70, 260, 140, 20, 4), INK)
    for y in (-98, 64):
        model.patch(face, rounded(y, 74, 34, 20, 8), LAMP)
        model.seam(face, rounded(y, 74, 34, 20, 8), 1.6, lit(paint, 0.6))
    plate(model, x + 0.2, 56, rng)
    model.rod([(x - 6, -120, 232), (x + 22, -128, 226), (x + 22, -128, 190)], 5, INK)


def truck(model: Model, rng: Random) -> Shot:
    """载货汽车: a cab with a closed box behind."""
    paint, box = rng.choice(_PAINTS[:5]), rng.choice(_BOXES)
    far_wheels(model, (110, 448), 42, 100)
    model.box((0, -70, 48), 500, 140, 16, (62, 64, 68))
    model.box((-10, -104, 64), 380, 208, 200, box)
    near = front(-104)
    for at in range(1, 16):
        model.mark(near, [(-10 + at * 23.7, 66), (-10 + at * 23.7, 262)], 1.4, lit(box, 0.88))
    model.seam(near, rounded(-9, 65, 378, 198), 3, lit(box, 0.78))
    model.box((30, -101, 44), 90, 4, 20, (84, 88, 92))
    shell(model, _CAB, paint)
    windscreen(model, [(502, -80, 150), (502, 80, 150), (466, 76, 226), (466, -76, 226)])
    window(model, [(404, 144), (490, 144), (462, 208), (404, 208)], -96.2)
    flank(model, 96, paint, doors=(400, 496), belt=136, sill=62)
    nose(model, 512, 84, 50, 122, paint, rng)
    corner_lamp(model, (494, 94, 86, 102), (508, 90, 84, 100), LAMP)
    corner_lamp(model, (-8, 104, 66, 78), (-2, 104, 66, 78), TAIL_LAMP)
    _mirror(model, 480, 160, 98, INK)
    near_wheels(model, (110, 448), 42, 100, rng)
    wear(model, near, (10, 80), (340, 160), box, rng)
    return Shot(Setting.YARD, yaw=(26, 40), tilt=(4, 7), fill=(0.74, 0.6))


def motorcycle(model: Model, rng: Random) -> Shot:
    """摩托车, with a windscreen and a case for papers."""
    paint, turn = rng.choice(((226, 228, 229), (52, 88, 146), (44, 47, 54), (150, 58, 52))), rng.uniform(0, 1)
    wheel(model, 36, 31, (-6, 6), turn)
    wheel(model, 176, 31, (-6, 6), turn)
    for y in (5, -8):
        model.rod([(36, y, 31), (92, y, 42)], 4, STEEL)
    model.rod([(166, 4, 74), (176, 4, 31)], 4.4, CHROME)
    model.extrude(front(0), [(82, 26), (122, 24), (130, 52), (112, 64), (86, 60)], -11, 11, (84, 88, 94))
    for z in (36, 42, 48):
        model.mark(front(-11.1), [(90, z), (120, z)], 1.2, (52, 54, 58))
    model.rod([(112, -13, 38), (96, -14, 24), (30, -15, 30)], 6, CHROME)
    saddle: list[Spot] = [(30, 78), (92, 74), (98, 80), (86, 88), (58, 86), (30, 92)]
    model.extrude(front(0), [(26, 62), (96, 58), (100, 76), (24, 80)], -10, 10, paint)
    model.extrude(front(0), saddle, -13, 13, INK)
    tank: list[Spot] = [(90, 72), (136, 66), (150, 78), (142, 92), (118, 97), (96, 88)]
    model.extrude(front(0), tank, -12, 12, paint, gloss=0.1)
    model.patch(front(-12.1), [(98, 78), (138, 72), (142, 78), (102, 85)], mix(paint, PAPER, 0.6))
    model.box((4, -15, 84), 34, 30, 28, lit(paint, 0.96), radius=5)
    model.rod([(162, 6, 70), (148, 5, 104)], 4, STEEL)
    model.extrude(front(0), [(160, 46), (196, 44), (190, 60), (164, 66)], -7, 7, paint)
    model.rod([(148, 30, 106), (152, 10, 102), (152, -10, 102), (148, -30, 106)], 3, INK)
    model.extrude(side(0), ring(0, 88, 10, count=24), 156, 170, INK, crisp=False)
    model.patch(side(170.1), ring(0, 88, 8.4, count=24), LAMP)
    screen: list[Point] = [(172, -15, 98), (172, 15, 98), (150, 11, 132), (150, -11, 132)]
    windscreen(model, screen)
    model.rod([(172, -5, 74), (177, -7, 31)], 4.4, CHROME)
    return Shot(Setting.YARD, yaw=(16, 30), tilt=(5, 9), fill=(0.66, 0.62))


def _mirror(model: Model, x: float, z: float, half: float, paint: Colour) -> None:
    model.box((x, -half - 15, z), 9, 14, 11, paint, radius=3)
