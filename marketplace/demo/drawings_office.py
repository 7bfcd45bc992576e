"""Machines of an office."""

from __future__ import annotations

import math
from random import Random

from marketplace.demo.drawings_canvas import Colour, lit, mix
from marketplace.demo.drawings_details import (
    CHROME,
    INK,
    PAPER,
    STEEL,
    casing,
    castor,
    door,
    keys,
    lamp,
    screen,
    vents,
    wear,
)
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_room import Setting, Shot
from marketplace.demo.drawings_space import Frame, Point, front, ring, rounded, side, tilted, top

GREEN: Colour = (112, 214, 140)
_TRIMS: tuple[Colour, ...] = ((84, 89, 96), (58, 62, 68), (104, 118, 132))


def printer(model: Model, rng: Random) -> Shot:
    """打印机: a laser printer with a sheet on its way out."""
    shell, trim = rng.choice(((232, 232, 230), (214, 216, 217), (238, 236, 231))), rng.choice(_TRIMS)
    model.box((0, 0, 0), 40, 38, 10, trim, radius=2)
    door(model, front(0), (3, 1.4), 34, 6.8, trim, 0.35)
    model.patch(front(0), rounded(15, 5.6, 10, 1.6, 0.7), lit(trim, 0.55))
    model.box((0, 0, 10), 40, 38, 15, shell, radius=2.4)
    door(model, front(0), (6, 11.4), 28, 9, shell, 0.3)
    lid = top(25)
    model.patch(lid, rounded(5, 4, 30, 26, 2), lit(shell, 0.7))
    model.patch(lid, rounded(7, 7, 26, 22, 1), lit(shell, 0.58))
    _paper(model, Frame((9, 5, 25.2), (1, 0, 0), (0, 0.97, 0.2)), 21, 23)
    model.box((0, 30, 25), 40, 8, 4, shell, radius=2.4)
    _panel(model, 27, -0.6, 20.5, 11, 4.4, trim, rng)
    vents(model, side(40), (22, 13), (10, 8), 5, lit(shell, 0.68))
    wear(model, front(0), (4, 11), (30, 9), shell, rng)
    return Shot(Setting.TABLE, yaw=(20, 36), tilt=(15, 20), fill=(0.56, 0.62))


def multifunction(model: Model, rng: Random) -> Shot:
    """多功能一体机: a printer under a scanner under a feeder."""
    shell, trim = rng.choice(((230, 231, 230), (62, 66, 72), (220, 222, 223))), rng.choice(_TRIMS)
    model.box((0, 0, 0), 43, 40, 12, shell, radius=1.6)
    door(model, front(0), (3, 1.4), 37, 8.6, shell, 0.35)
    model.patch(front(0), rounded(16, 7.4, 11, 1.8, 0.8), lit(shell, 0.5))
    model.box((0, 8, 12), 43, 32, 9, lit(shell, 0.66))
    model.patch(top(12), rounded(1, 1, 41, 8), lit(shell, 0.8))
    _paper(model, Frame((10, 0.5, 12.3), (1, 0, 0), (0, 0.98, 0.2)), 21, 9)
    model.box((0, 0, 12), 4, 10, 9, shell)
    model.box((39, 0, 12), 4, 10, 9, shell)
    model.box((0, 0, 21), 43, 40, 6, shell, radius=1.6)
    model.box((1, 6, 27), 41, 34, 5, trim, radius=2)
    model.box((4, 9, 32), 33, 29, 5, trim, radius=2)
    _paper(model, Frame((9, 14, 37.4), (1, 0, 0), (0, 0.9, 0.42)), 21, 20)
    _panel(model, 10, -4, 20.6, 23, 7, trim, rng)
    wear(model, front(0), (4, 2), (34, 8), shell, rng)
    return Shot(Setting.TABLE, yaw=(20, 36), tilt=(13, 18), fill=(0.56, 0.66))


def copier(model: Model, rng: Random) -> Shot:
    """复印机: standing on the floor, with its paper drawers."""
    shell, trim = rng.choice(((226, 227, 226), (212, 214, 216), (232, 229, 222))), rng.choice(_TRIMS)
    for x in (6, 52):
        castor(model, x, 4, 2.6)
    model.box((0, 0, 5), 58, 60, 52, shell, radius=1)
    face = front(0)
    for level in range(4):
        door(model, face, (1.5, 6.5 + level * 12.4), 55, 11.4, shell, 0.5)
        model.patch(face, rounded(22, 14 + level * 12.4, 14, 2.2, 1), lit(shell, 0.52))
    model.box((0, 34, 57), 58, 26, 18, shell)
    model.patch(front(34), rounded(2, 58, 54, 16), lit(shell, 0.5), fade=lit(shell, 0.62))
    model.patch(top(57), rounded(1, 1, 56, 33), trim, fade=lit(trim, 1.1))
    _paper(model, Frame((12, 8, 57.6), (1, 0, 0), (0, 0.99, 0.14)), 30, 24)
    model.box((46, 0, 57), 12, 36, 18, shell)
    model.box((-1, -2, 75), 60, 62, 9, shell, radius=2)
    model.mark(front(-2), [(0, 77), (58, 77)], 0.4, lit(shell, 0.76))
    model.box((2, 4, 84), 52, 52, 8, trim, radius=3)
    model.box((6, 8, 92), 26, 44, 4, trim, radius=3)
    tray = Frame((30, 10, 93), (0.93, 0, 0.36), (0, 1, 0))
    model.extrude(tray, rounded(0, 0, 24, 38, 2), 0, 1, lit(trim, 1.12))
    _panel(model, 16, -9, 78, 30, 12, trim, rng)
    bypass = Frame((58, 8, 40), (0.86, 0, 0.5), (0, 1, 0))
    model.extrude(bypass, rounded(0, 0, 24, 36, 1.5), 0, 1, lit(shell, 0.94))
    return Shot(yaw=(20, 34), tilt=(9, 14), fill=(0.6, 0.76))


def projector(model: Model, rng: Random) -> Shot:
    """投影仪."""
    shell = rng.choice(((238, 238, 236), (226, 228, 229), (74, 77, 83)))
    for foot in (4, 27):
        model.extrude(top(0), ring(foot, 4, 1.3, count=12), 0, 1.4, INK)
    model.box((0, 0, 1.4), 33, 26, 9, shell, radius=3.4)
    face = front(0)
    model.patch(face, rounded(1.8, 3, 29.4, 6, 1.6), lit(shell, 0.92))
    x = rng.choice((8.6, 16.5))
    for radius, out, colour in ((4.9, 1.4, lit(shell, 0.7)), (4.2, 2.2, INK)):
        model.extrude(face, ring(x, 6.3, radius), 0, out, colour, crisp=False)
    lens = front(-2.2)
    for radius, colour in ((3.5, (24, 26, 34)), (2.8, (48, 58, 84)), (1.8, (86, 96, 134))):
        model.patch(lens, ring(x, 6.3, radius), colour, glows=True)
    model.patch(lens, ring(x - 1.1, 7.4, 0.75, count=16), (214, 222, 238), glows=True)
    vents(model, face, (21.6 if x < 10 else 24, 3.6), (9 if x < 10 else 6, 5), 6, lit(shell, 0.55))
    vents(model, side(33), (6, 3.4), (14, 5.4), 6, lit(shell, 0.6))
    keys(model, top(10.4), (13, 15), (7, 5), (3, 3), lit(shell, 0.78))
    model.mark(top(10.4), [(4, 9), (29, 9)], 0.18, lit(shell, 0.84))
    lamp(model, top(10.4), 23, 17.5, 0.4, (110, 170, 240))
    return Shot(Setting.TABLE, yaw=(14, 32), tilt=(15, 21), fill=(0.6, 0.58))


def projection_screen(model: Model, rng: Random) -> Shot:
    """投影幕 on its tripod."""
    case = rng.choice((INK, (206, 209, 211), (90, 96, 104)))
    for x, y in ((88, 46), (40, -18), (136, -18)):
        model.rod([(88, 8, 46), (x, y, 1)], 3, STEEL)
    model.rod([(88, 8, 20), (88, 8, 196)], 3.4, STEEL)
    model.slab((0, 0, 62), 176, 0.6, 130, (38, 40, 45))
    model.patch(front(0), rounded(5, 67, 166, 120), (246, 246, 244), fade=(226, 228, 230), glows=True)
    model.slab((-3, -2, 188), 182, 6, 7, case, radius=2.4)
    model.slab((0, -1, 59), 176, 3, 4, case, radius=1.2)
    if rng.random() < 0.4:
        screen(model, front(-0.1), (23, 80), 130, 95, rng)
    return Shot(yaw=(12, 28), tilt=(4, 8), fill=(0.64, 0.76))


def scanner(model: Model, rng: Random) -> Shot:
    """扫描仪: a flat bed with its lid raised, or one that draws sheets in."""
    shell = casing(rng)
    if rng.random() < 0.5:
        return _sheet_scanner(model, shell, rng)
    model.box((0, 0, 0), 29, 42, 5, shell, radius=1.6)
    model.patch(top(5), rounded(2, 5, 25, 34), (150, 176, 190), fade=(206, 220, 226))
    model.seam(top(5), rounded(2, 5, 25, 34), 0.5, lit(shell, 0.6))
    _paper(model, Frame((4, 9, 5.1), (1, 0, 0), (0, 1, 0)), 20, 28)
    for at in range(4):
        model.patch(top(5), rounded(7 + at * 4, 1.6, 2.6, 1.5, 0.7), lit(shell, 0.7))
    lift = math.radians(rng.uniform(38, 52))
    cover = Frame((0, 42, 5), (1, 0, 0), (0, -math.cos(lift), math.sin(lift)))
    model.extrude(cover, rounded(0, 0, 29, 39, 1.6), -2, 0, shell)
    model.patch(cover, rounded(2, 2, 25, 35, 0.8), PAPER)
    return Shot(Setting.TABLE, yaw=(22, 36), tilt=(16, 21), fill=(0.5, 0.68))


def _sheet_scanner(model: Model, shell: Colour, rng: Random) -> Shot:
    rest = Frame((2, 13, 12), (1, 0, 0), (0, 0.62, 0.78))
    model.extrude(rest, rounded(0, 0, 26, 16, 1.5), -0.7, 0, lit(shell, 0.84))
    _paper(model, Frame((4, 12, 11.4), (1, 0, 0), (0, 0.62, 0.78)), 21, 24)
    profile = [(0, 0), (17, 0), (17, 10), (14, 15), (9, 15.6), (2.6, 11), (0, 6)]
    model.extrude(side(0), profile, 0, 30, shell)
    _paper(model, Frame((4.5, -11, 0.5), (1, 0, 0), (0, 1, 0.06)), 21, 12)
    slope = Frame((0, 2.6, 11), (1, 0, 0), (0, 0.812, 0.584))
    model.patch(slope, rounded(2, 1, 26, 5.6, 0.8), lit(shell, 0.86))
    for at in range(3):
        model.patch(slope, ring(22 + at * 2.2, 3.6, 0.8, count=14), lit(shell, 0.6))
    lamp(model, slope, 19, 3.6, 0.35, GREEN)
    return Shot(Setting.TABLE, yaw=(18, 32), tilt=(13, 18), fill=(0.52, 0.62))


def shredder(model: Model, rng: Random) -> Shot:
    """碎纸机, with a sheet going in."""
    shell, head = rng.choice(((70, 74, 80), (196, 199, 201), (58, 61, 66))), rng.choice((INK, (64, 68, 74)))
    for wheel in (4, 34):
        castor(model, wheel, 3, 2)
    model.box((0, 0, 4), 38, 28, 44, shell, radius=3)
    face = front(0)
    model.patch(face, rounded(5, 9, 28, 26, 2), (32, 36, 42), fade=(24, 27, 32))
    for _ in range(44):
        x, z = rng.uniform(6, 28), 10 + 13 * rng.random() ** 1.5
        tone = mix(PAPER, (170, 172, 176), rng.random())
        model.mark(face, [(x, z), (x + rng.uniform(-3, 4), z + rng.uniform(-0.6, 3))], 0.45, tone)
    model.patch(face, rounded(14, 39, 10, 2.6, 1.2), lit(shell, 0.55))
    model.box((-1.2, -1.4, 48), 40.4, 31, 11, head, radius=3.4)
    lid = top(59)
    model.patch(lid, rounded(5, 13, 29, 4, 1.4), (18, 19, 22))
    sheet = tilted(8, 15, 57, -6)
    _paper(model, sheet, 21, 20)
    model.patch(lid, rounded(5, 12.4, 29, 1.4, 0.6), lit(head, 1.15))
    model.patch(front(-1.4), rounded(11, 50.4, 16, 5, 1), lit(head, 0.62))
    for at, colour in enumerate(((110, 214, 140), (240, 190, 84), (226, 96, 84))):
        lamp(model, front(-1.4), 15 + at * 4, 52.9, 0.6, colour)
    return Shot(yaw=(20, 36), tilt=(12, 17), fill=(0.5, 0.74))


def telephone(model: Model, rng: Random) -> Shot:
    """普通电话机, with its coiled cord."""
    shell = rng.choice(((58, 61, 66), (228, 228, 226), (92, 98, 106), (196, 190, 180)))
    model.extrude(side(0), [(0, 0), (20, 0), (20, 7.4), (17.6, 8), (0, 2.6)], 0, 19, shell)
    slope = Frame((0, 0, 2.6), (1, 0, 0), (0, 0.956, 0.293))
    key = lit(shell, 1.3) if shell[0] < 120 else lit(shell, 0.72)
    model.patch(slope, rounded(7, 13, 10.6, 4, 0.4), (150, 172, 152), fade=(176, 194, 170))
    keys(model, slope, (7, 2.2), (7.6, 9.6), (3, 4), key)
    keys(model, slope, (15.4, 2.2), (2.4, 9.6), (1, 5), lit(shell, 0.8))
    model.patch(slope, rounded(0.6, 1.4, 5.4, 15.6, 1.2), lit(shell, 0.78))
    coil = [
        (0.5 + 1.1 * math.sin(t * 1.25), -2.4 - 1.6 * math.sin(t * 0.09), 0.9 + 0.7 * math.cos(t * 1.25))
        for t in range(64)
    ]
    path: list[Point] = [(x - 0.13 * t, y, z) for t, (x, y, z) in enumerate(coil)]
    model.rod([(3, 0.4, 4), (2.4, -2, 1.4), *path], 0.5, shell)
    arch = [
        (-0.6, 4.2),
        (3.6, 4.6),
        (4.6, 6.8),
        (12.4, 9.2),
        (14.2, 7.8),
        (18.6, 9.2),
        (18.8, 11.4),
        (15, 12.8),
        (10, 11.8),
        (4, 9.6),
        (0, 7.4),
    ]
    model.extrude(side(0), arch, 1, 5.6, shell)
    return Shot(Setting.TABLE, yaw=(16, 34), tilt=(18, 24), fill=(0.56, 0.6))


def whiteboard(model: Model, rng: Random) -> Shot:
    """电子白板 on wheels, not quite wiped clean."""
    for x in (8, 168):
        model.rod([(x, 24, 6), (x, -24, 6)], 4, STEEL)
        model.rod([(x, 2, 6), (x, 2, 84)], 4, STEEL)
        castor(model, x, -20, 3)
    model.rod([(8, 2, 30), (168, 2, 30)], 3, STEEL)
    model.slab((0, 0, 76), 176, 4, 106, CHROME, radius=1.5)
    face = front(0)
    model.patch(face, rounded(3, 79, 170, 100), (248, 249, 249), fade=(228, 231, 234), glows=True)
    _notes(model, face, rng)
    model.box((40, -8, 74), 96, 8, 2, STEEL)
    for at, colour in enumerate(((44, 84, 150), (190, 60, 52), INK)):
        model.rod([(56 + at * 16, -5, 77), (66 + at * 16, -5, 77)], 2, colour)
    model.box((112, -7, 76), 14, 5, 4, (70, 90, 120), radius=1)
    return Shot(yaw=(10, 26), tilt=(4, 8), fill=(0.66, 0.74))


def _notes(model: Model, face: Frame, rng: Random) -> None:
    """A chart and some lines, as a meeting leaves them."""
    ink = rng.choice(((50, 88, 150), (60, 66, 74), (178, 66, 58)))
    for line in range(rng.choice((2, 4, 5))):
        length = rng.uniform(26, 60)
        model.mark(
            face,
            [(16, 164 - line * 11), (16 + length, 164 - line * 11 + rng.uniform(-1, 1))],
            1.1,
            mix(ink, PAPER, 0.25),
        )
    model.mark(face, [(104, 100), (104, 160)], 0.9, INK)
    model.mark(face, [(104, 100), (162, 100)], 0.9, INK)
    for at in range(4):
        height = rng.uniform(10, 48)
        model.patch(face, rounded(109 + at * 13, 101, 8, height), mix(ink, PAPER, 0.35 + 0.12 * at))


def _paper(model: Model, frame: Frame, width: float, height: float) -> None:
    """A sheet lying on a plane."""
    model.extrude(frame, rounded(0, 0, width, height), -0.1, 0.15, PAPER)


def _panel(
    model: Model, x: float, y: float, z: float, width: float, height: float, colour: Colour, rng: Random
) -> None:
    """A control panel that leans back, with a display and buttons."""
    plate = tilted(x, y, z, 52)
    model.extrude(plate, rounded(0, 0, width, height, 0.8), -1.6, 0, colour)
    screen(model, plate, (width * 0.06, height * 0.16), width * 0.52, height * 0.68, rng)
    keys(model, plate, (width * 0.64, height * 0.16), (width * 0.3, height * 0.68), (3, 3), lit(colour, 1.4))
