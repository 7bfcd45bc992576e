"""Cameras, televisions and household machines."""

from __future__ import annotations

import math
from random import Random

from marketplace.demo.drawings_canvas import Colour, lit, mix
from marketplace.demo.drawings_details import (
    CHROME,
    INK,
    STEEL,
    dark_screen,
    door,
    handle,
    keys,
    lamp,
    screen,
    vents,
    wear,
    wood,
)
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_room import Setting, Shot
from marketplace.demo.drawings_space import Frame, front, ring, rounded, side

_WHITES: tuple[Colour, ...] = ((240, 240, 238), (228, 231, 233), (244, 241, 234), (214, 218, 222))
_FRIDGES: tuple[Colour, ...] = ((238, 239, 238), (196, 200, 204), (204, 196, 184), (122, 128, 134))
_LEATHER: Colour = (46, 48, 53)


def camera(model: Model, rng: Random) -> Shot:
    """数字照相机: one with an exchangeable lens."""
    body = rng.choice(((52, 54, 59), (64, 66, 71), (176, 178, 180)))
    model.box((0, 0, 0), 13.6, 5.4, 8.6, body, radius=1.6)
    model.patch(front(0), rounded(1.6, 1.2, 10.4, 5, 0.6), _LEATHER)
    hump = [(4.4, 8.6), (9.6, 8.6), (8.8, 11), (5.2, 11)]
    model.extrude(front(0), hump, -5, -0.4, body)
    model.box((6, 1.4, 11), 2, 2.2, 0.4, INK)
    for x, radius, tall in ((11.8, 1.2, 1.1), (2.2, 1, 0.8)):
        model.turned(
            x,
            2.8,
            [(radius, 8.6), (radius, 8.6 + tall), (radius * 0.85, 8.7 + tall)],
            lit(body, 0.8),
            count=20,
        )
    model.box((0.2, -1.6, 0.2), 2.8, 3, 8, _LEATHER, radius=1.2)
    model.turned(1.6, -0.4, [(0.7, 8.2), (0.7, 8.9)], CHROME, count=16)
    for radius, out in ((3.7, 1), (3.4, 3.4), (3.6, 5), (3.3, 6.4)):
        model.extrude(
            front(0), ring(7.4, 4.4, radius), 0 if out == 1 else out - 2, out, lit(INK, 1.02), crisp=False
        )
    model.extrude(front(0), ring(7.4, 4.4, 3.62), 3.6, 4.2, (80, 84, 92), crisp=False)
    _glass(model, front(-6.4), 7.4, 4.4, 2.9)
    model.patch(front(-0.02), rounded(5.4, 9.2, 3.2, 0.9, 0.3), (200, 202, 204))
    return Shot(Setting.TABLE, yaw=(16, 34), tilt=(10, 16), fill=(0.56, 0.6))


def video_camera(model: Model, rng: Random) -> Shot:
    """通用摄像机: a professional one, looking out of the picture."""
    body = rng.choice(((58, 61, 66), (70, 73, 78), (50, 52, 57)))
    model.box((2, 24, 11), 5, 12, 5, INK, radius=1.5)
    model.box((0, 0, 0), 12, 30, 14, body, radius=1.2)
    for y in (4, 24):
        model.box((4.6, y, 14), 2.6, 2.6, 5, body)
    model.box((4, -3, 19), 3.8, 32, 2.6, lit(body, 0.9), radius=1)
    model.extrude(front(0), ring(10.6, 21, 1.5, count=20), -16, 6, INK, crisp=False)
    model.extrude(front(0), ring(10.6, 21, 1.9, count=20), -4, 7, (66, 68, 72), crisp=False)
    panel = side(12)
    model.patch(panel, rounded(5, 3, 15, 8.4, 0.5), lit(body, 0.78))
    keys(model, panel, (21, 3), (7, 8), (3, 4), lit(body, 1.5))
    screen(model, panel, (6, 4), 13, 6.4, rng)
    for radius, back, out in ((5.4, 0, 3), (5, 3, 8), (5.5, 8, 10)):
        model.extrude(front(0), ring(6, 7, radius), back, out, lit(INK, 1.04), crisp=False)
    model.extrude(front(0), rounded(-0.4, 0.8, 12.8, 12.4, 1.6), 10, 15, INK)
    model.patch(front(-15), rounded(0.6, 1.8, 10.8, 10.4, 1), (18, 19, 23))
    _glass(model, front(-15), 6, 7, 4.4)
    model.patch(front(-15), ring(2, 11.4, 0.5, count=12), (216, 74, 66), glows=True)
    return Shot(Setting.TABLE, yaw=(26, 42), tilt=(10, 15), fill=(0.58, 0.62))


def _glass(model: Model, face: Frame, x: float, z: float, radius: float) -> None:
    """The front of a lens: coated glass with the window in it."""
    for share, colour in (
        (1, (20, 21, 26)),
        (0.84, (34, 36, 48)),
        (0.66, (50, 56, 88)),
        (0.42, (70, 62, 104)),
        (0.24, (28, 28, 42)),
    ):
        model.patch(face, ring(x, z, radius * share, count=28), colour, glows=True)
    model.patch(
        face, ring(x - radius * 0.32, z + radius * 0.36, radius * 0.17, count=14), (224, 230, 242), glows=True
    )
    model.patch(
        face, ring(x + radius * 0.34, z - radius * 0.34, radius * 0.09, count=12), (160, 150, 210), glows=True
    )


def body_camera(model: Model, rng: Random) -> Shot:
    """执法记录仪 in its charging cradle."""
    shell = rng.choice((INK, (58, 62, 68), (48, 56, 70)))
    model.box((-2, -2, 0), 9.4, 7, 2.4, lit(INK, 1.1), radius=1.2)
    lamp(model, front(-2), 2.7, 1.2, 0.22, (112, 214, 140))
    model.slab((0, 0, 2), 5.4, 2.8, 8.4, shell, radius=0.8)
    face = front(0)
    model.patch(face, rounded(0.5, 2.7, 4.4, 3, 0.4), lit(shell, 0.7))
    for x, z in ((1.2, 3.2), (1.2, 4.5), (3.1, 3.2), (3.1, 4.5)):
        model.patch(face, ring(x + 0.6, z + 0.4, 0.42, count=14), lit(shell, 1.18))
    model.extrude(face, ring(2.7, 8, 1.75), 0, 0.5, lit(shell, 1.12), crisp=False)
    _glass(model, front(-0.5), 2.7, 8, 1.35)
    for x in (0.8, 4.6):
        lamp(model, face, x, 9.7, 0.2, rng.choice(((226, 96, 84), (112, 214, 140))))
    model.box((1.2, 0.8, 10.4), 3, 1.4, 0.5, (176, 58, 50), radius=0.4)
    return Shot(Setting.TABLE, yaw=(14, 32), tilt=(9, 14), fill=(0.44, 0.64))


def tv(model: Model, rng: Random) -> Shot:
    """普通电视设备 on a low cabinet."""
    timber = wood(rng)
    for x in (8, 150):
        for y in (6, 32):
            model.box((x, y, 0), 4, 4, 10, lit(timber, 0.7))
    model.box((0, 0, 10), 162, 42, 34, timber)
    for at in range(3):
        door(model, front(0), (2 + at * 53, 12), 52, 30, lit(timber, 1.06), 0.7)
        model.patch(front(0), rounded(22 + at * 53, 38, 12, 1.6, 0.8), lit(timber, 0.5))
    for x in (44, 112):
        model.box((x, 10, 44), 3, 20, 2, INK)
        model.box((x, 18, 45), 3, 3, 6, INK)
    model.slab((22, 17, 50), 118, 5, 68, INK, radius=0.8)
    if rng.random() < 0.4:
        dark_screen(model, front(17), (23.2, 52), 115.6, 64.8)
    else:
        screen(model, front(17), (23.2, 52), 115.6, 64.8, rng)
    return Shot(yaw=(14, 28), tilt=(6, 10), fill=(0.66, 0.7))


def air_conditioner(model: Model, rng: Random) -> Shot:
    """空调机: one that stands in a corner, or one on the wall."""
    shell = rng.choice(_WHITES)
    if rng.random() < 0.45:
        return _wall_unit(model, shell, rng)
    model.box((0, 0, 0), 52, 34, 6, lit(shell, 0.7), radius=3)
    model.box((0, 0, 6), 52, 34, 172, shell, radius=4)
    face = front(0)
    model.patch(face, rounded(5, 136, 42, 34, 3), lit(shell, 0.62), fade=lit(shell, 0.5))
    for at in range(9):
        model.patch(face, rounded(6, 138 + at * 3.5, 40, 1.7, 0.6), lit(shell, 0.98))
    model.patch(face, rounded(14, 112, 24, 12, 2), INK)
    _digits(model, face, (19, 114.6), 6.6, rng)
    for at in range(3):
        model.patch(face, ring(32 + at * 2, 115, 0.6, count=12), (130, 140, 150), glows=True)
    model.seam(face, rounded(5, 12, 42, 94, 2), 0.5, lit(shell, 0.78))
    for at in range(22):
        model.patch(face, rounded(10, 18 + at * 2.6, 32, 1, 0.5), lit(shell, 0.82))
    wear(model, face, (6, 20), (40, 90), shell, rng)
    return Shot(yaw=(20, 36), tilt=(6, 10), fill=(0.6, 0.78), may_mirror=False)


def _wall_unit(model: Model, shell: Colour, rng: Random) -> Shot:
    profile = [(22, 0), (22, 30), (4, 30), (1.4, 29), (0, 26), (0.6, 12), (3, 5), (8, 1.4), (13, 0)]
    model.extrude(side(0), profile[::-1], 0, 92, shell)
    face = front(0.4)
    model.mark(face, [(0.5, 12), (91.5, 12)], 0.4, lit(shell, 0.78))
    outlet = Frame((0, 2.4, 5.6), (1, 0, 0), (0, -0.4, 0.92))
    model.patch(outlet, rounded(6, 0, 80, 5, 1.6), lit(shell, 0.6))
    model.patch(outlet, rounded(6, 0.4, 80, 1.9, 0.9), lit(shell, 0.97))
    _digits(model, face, (74, 17), 5, rng)
    vents(model, side(92), (6, 18), (12, 9), 4, lit(shell, 0.8))
    return Shot(Setting.WALL, yaw=(10, 22), tilt=(-6, -2), fill=(0.66, 0.5), may_mirror=False)


def _digits(model: Model, face: Frame, corner: tuple[float, float], height: float, rng: Random) -> None:
    """A temperature in seven-segment figures."""
    lines = {"2": "abged", "4": "fgbc", "5": "afgcd", "6": "afgedc"}
    ends = {
        "a": ((0, 2), (1, 2)),
        "b": ((1, 2), (1, 1)),
        "c": ((1, 1), (1, 0)),
        "d": ((0, 0), (1, 0)),
        "e": ((0, 1), (0, 0)),
        "f": ((0, 2), (0, 1)),
        "g": ((0, 1), (1, 1)),
    }
    step = height / 2
    for place, figure in enumerate(("2", rng.choice("456"))):
        x = corner[0] + place * step * 1.9
        for line in lines[figure]:
            (a, b), (c, d) = ends[line]
            path = [(x + a * step, corner[1] + b * step), (x + c * step, corner[1] + d * step)]
            model.mark(face, path, height * 0.11, (150, 214, 236))


def fridge(model: Model, rng: Random) -> Shot:
    """电冰箱."""
    shell = rng.choice(_FRIDGES)
    wide = rng.random() < 0.35
    width = 84.0 if wide else 58.0
    model.box((2, 4, 0), width - 4, 52, 5, INK)
    model.box((0, 4, 5), width, 58, 168, lit(shell, 0.97))
    for x, z, across, tall in _fridge_doors(width, wide):
        model.slab((x + 0.4, 0, z), across - 0.8, 4, tall, shell, radius=1.4, gloss=0.06)
        grip = x + across - 6 if not wide or x < 1 else x + 3
        handle(model, (grip, 0, z + tall * (0.3 if z < 80 else 0.12)), 2.2, min(tall * 0.4, 46))
    if rng.random() < 0.4:
        model.patch(front(0), rounded(width * 0.2, 142, 9, 6, 0.8), (46, 50, 58))
    wear(model, front(0), (4, 20), (width - 10, 120), shell, rng)
    return Shot(yaw=(22, 36), tilt=(6, 10), fill=(0.6, 0.78))


def _fridge_doors(width: float, wide: bool) -> list[tuple[float, float, float, float]]:
    if wide:
        return [(0, 6, width / 2, 167), (width / 2, 6, width / 2, 167)]
    return [(0, 6, width, 52), (0, 59, width, 114)]


def fan(model: Model, rng: Random) -> Shot:
    """风扇 on a stand."""
    shell = rng.choice(((232, 234, 235), (66, 70, 76), (196, 208, 216)))
    blade = rng.choice(((150, 178, 196), (206, 212, 216), (120, 128, 138)))
    model.turned(0, 0, [(21, 0), (21, 2), (18, 3.4), (5, 5)], shell)
    model.turned(0, 0, [(2.4, 4), (2.2, 60), (1.6, 60), (1.6, 92)], STEEL, count=16)
    model.box((-4, -4, 70), 8, 8, 9, shell, radius=2)
    keys(model, front(-4), (-3, 72), (6, 4.6), (3, 1), lit(shell, 0.7))
    model.box((-5.4, -2, 92), 10.8, 18, 14, lit(shell, 0.95), radius=3)
    hub = 99.0
    _cage(model, front(2), hub, 22, lit(shell, 0.7))
    turn = rng.uniform(0, 2)
    for at in range(3):
        model.patch(
            front(-2), _petal(0, hub, 19.5, turn + at * 2.094), lit(blade, 1.04), fade=lit(blade, 0.86)
        )
    model.patch(front(-2.4), ring(0, hub, 3.4, count=24), lit(blade, 0.82))
    _cage(model, front(-7), hub, 22.4, shell if shell[0] > 90 else lit(shell, 1.25))
    model.extrude(front(-7), ring(0, hub, 4.4, count=28), 0, 0.8, shell, crisp=False)
    return Shot(yaw=(12, 30), tilt=(4, 8), fill=(0.6, 0.78))


def _petal(x: float, z: float, radius: float, turn: float) -> list[tuple[float, float]]:
    bends = (
        (0.12, -0.5),
        (0.5, -0.42),
        (0.88, -0.3),
        (1, 0),
        (0.97, 0.34),
        (0.8, 0.52),
        (0.45, 0.44),
        (0.12, 0.5),
    )
    return [
        (x + radius * share * math.cos(turn + bend), z + radius * share * math.sin(turn + bend))
        for share, bend in bends
    ]


def _cage(model: Model, face: Frame, z: float, radius: float, colour: Colour) -> None:
    """The wire guard of a fan."""
    for at in range(36):
        turn = at * math.tau / 36
        across, up = radius * math.cos(turn), radius * math.sin(turn)
        model.mark(face, [(across * 0.2, z + up * 0.2), (across, z + up)], 0.28, colour)
    for share in (0.55, 0.8):
        model.seam(face, ring(0, z, radius * share), 0.3, colour)
    model.seam(face, ring(0, z, radius, count=48), 1.1, colour)


def water_dispenser(model: Model, rng: Random) -> Shot:
    """饮水器 with a bottle on top."""
    shell = rng.choice(_WHITES)
    trim = rng.choice(((92, 98, 106), (120, 146, 170), (70, 74, 80)))
    model.box((0, 0, 0), 31, 31, 4, lit(shell, 0.66), radius=3)
    model.box((0, 0, 4), 31, 31, 92, shell, radius=3)
    face = front(0)
    door(model, face, (3, 8), 25, 42, shell, 0.4)
    model.patch(face, rounded(22, 27, 2, 8, 0.9), lit(shell, 0.66))
    model.patch(face, rounded(4, 55, 23, 24, 1.5), lit(trim, 0.62), fade=lit(trim, 0.9))
    for x, colour in ((10, (198, 72, 62)), (21, (64, 116, 186))):
        model.slab((x - 1.6, -2.6, 70), 3.2, 3, 4, CHROME, radius=0.8)
        model.slab((x - 1.2, -3.4, 73.4), 2.4, 3, 2, colour, radius=0.6)
    model.box((5, -5, 54), 21, 6, 2.4, trim, radius=1)
    model.patch(front(0), rounded(4, 84, 23, 7, 1.4), trim)
    for at in range(3):
        lamp(model, face, 10 + at * 5.5, 87.5, 0.7, ((226, 96, 84), (110, 214, 140), (240, 190, 84))[at])
    water = rng.choice(((150, 190, 214), (164, 200, 216)))
    model.turned(15.5, 15.5, [(5, 96), (5, 99), (13, 106)], water, gloss=0.25)
    bands = [
        (13.2, 106),
        (13.2, 114),
        (12.4, 115),
        (12.4, 117),
        (13.2, 118),
        (13.2, 128),
        (12.4, 129),
        (12.4, 131),
        (13.2, 132),
        (13.2, 139),
        (11, 143),
        (4, 144),
    ]
    model.turned(15.5, 15.5, bands, mix(water, (255, 255, 255), 0.16), gloss=0.3)
    shine = mix(water, (255, 255, 255), 0.62)
    model.rod([(6.6, 4.4, 108), (6.6, 4.4, 113)], 0.9, shine)
    model.rod([(6.6, 4.4, 119), (6.6, 4.4, 127)], 0.9, shine)
    return Shot(yaw=(18, 34), tilt=(6, 10), fill=(0.6, 0.78))
