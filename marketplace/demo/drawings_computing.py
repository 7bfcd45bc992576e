"""Computers and what belongs to a network."""

from __future__ import annotations

from random import Random

from marketplace.demo.drawings_canvas import Colour, lit, mix
from marketplace.demo.drawings_details import (
    INK,
    PAPER,
    STEEL,
    casing,
    dark_screen,
    keys,
    lamp,
    screen,
    vents,
    wear,
)
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_room import Setting, Shot
from marketplace.demo.drawings_space import curve, front, ring, rounded, side, tilted, top

GREEN: Colour = (112, 214, 140)
AMBER: Colour = (240, 180, 84)
BODIES: tuple[Colour, ...] = ((204, 207, 211), (112, 117, 124), (62, 65, 71), (222, 221, 217))


def laptop(model: Model, rng: Random) -> Shot:
    """便携式计算机."""
    body = rng.choice(BODIES)
    lid = tilted(0, 23.4, 1.3, rng.uniform(14, 26))
    model.extrude(lid, rounded(0, 0, 34, 22.6, 1.3), -0.6, 0, body)
    model.patch(lid, rounded(0.4, 0.5, 33.2, 21.7, 1), INK)
    screen(model, lid, (1.1, 1.6), 31.8, 19.7, rng)
    model.patch(lid, ring(17, 21.8, 0.16, count=10), (70, 80, 96))
    model.box((0, 0, 0), 34, 24, 1.5, body, radius=1.3)
    deck = top(1.5)
    model.patch(deck, rounded(2, 9.4, 30, 11.6, 0.6), lit(body, 0.8))
    keys(model, deck, (2.3, 9.7), (29.4, 11), (14, 5), (48, 50, 55) if body[0] > 90 else (40, 42, 46))
    model.patch(deck, rounded(11.4, 1.3, 11.2, 6.9, 0.6), lit(body, 0.9))
    model.seam(deck, rounded(11.4, 1.3, 11.2, 6.9, 0.6), 0.1, lit(body, 0.76))
    wear(model, deck, (1, 1), (32, 7), body, rng)
    return Shot(Setting.TABLE, yaw=(14, 34), tilt=(18, 24), fill=(0.62, 0.66))


def monitor(model: Model, rng: Random) -> Shot:
    """液晶显示器."""
    display(model, 0, 0, rng.choice((54, 60, 68)), rng)
    return Shot(Setting.TABLE, yaw=(14, 34), tilt=(7, 12), fill=(0.6, 0.68))


def display(model: Model, x: float, y: float, width: float, rng: Random) -> None:
    """A monitor on its foot, from the left end of its panel."""
    shell = rng.choice(((48, 51, 56), (66, 69, 74), (198, 201, 204)))
    height, middle = width * 0.58, x + width / 2
    model.extrude(top(0), rounded(middle - 12, y - 8, 24, 18, 4), 0, 1.2, shell, gloss=0.2)
    model.box((middle - 3.4, y + 3, 1), 6.8, 3, 18, lit(shell, 0.9))
    face = front(y)
    model.slab((x, y, 11), width, 3, height, shell, radius=1)
    screen(model, face, (x + 1, 13.2), width - 2, height - 3.4, rng)
    lamp(model, face, x + width - 3, 12.1, 0.2, (120, 190, 230))


def desktop(model: Model, rng: Random) -> Shot:
    """台式计算机: the case, a monitor, a keyboard and a mouse."""
    tower(model, -24, 0, rng)
    display(model, 0, 4, 54, rng)
    board = rng.choice(((52, 55, 60), (214, 215, 214)))
    model.box((4, -28, 0), 44, 14, 1.8, board, radius=1)
    keys(
        model,
        top(1.8),
        (5, -27.3),
        (42, 12.6),
        (17, 5),
        lit(board, 1.12) if board[0] < 99 else lit(board, 0.93),
    )
    mouse = [
        [(a, b, z) for a, b in ring(55, -21, 3.1 * size, 1.6, 24)]
        for size, z in ((1, 0), (1.04, 1.4), (0.8, 2.8), (0.4, 3.3))
    ]
    model.loft(mouse, board)
    return Shot(Setting.TABLE, yaw=(14, 30), tilt=(13, 18), fill=(0.68, 0.7))


def tower(model: Model, x: float, y: float, rng: Random) -> None:
    """The upright case of a desktop computer."""
    colour = rng.choice(((56, 59, 64), (74, 78, 84), (188, 191, 194)))
    model.box((x, y, 0), 17, 40, 37, colour, radius=0.8)
    face = front(y)
    model.patch(face, rounded(x + 1, 1, 15, 35, 0.8), lit(colour, 0.86), fade=lit(colour, 0.72))
    model.patch(face, rounded(x + 2, 30, 13, 3, 0.3), lit(colour, 1.1))
    vents(model, face, (x + 2.5, 4), (12, 14), 9, lit(colour, 0.56))
    lamp(model, face, x + 8.5, 26.5, 0.9, (206, 220, 232))
    for at in (5, 8.5, 12):
        model.patch(face, rounded(x + at - 0.8, 22.4, 1.6, 0.8), (18, 20, 22))
    vents(model, side(x + 17), (y + 8, 8), (16, 10), 6, lit(colour, 0.7))


def server(model: Model, rng: Random) -> Shot:
    """服务器: a cabinet with several, or one for the rack."""
    if rng.random() < 0.55:
        return _rack(model, rng)
    height = rng.choice((8.8, 8.8, 17.6))
    model.box((0, 0, 0), 44, 66, height, (126, 131, 137))
    _drives(model, 0, 0, 44, height, rng)
    for x in (-2.4, 44):
        model.slab((x, -1, 0), 2.4, 2, height, (70, 74, 80), radius=0.4)
    model.mark(top(height), [(1, 22), (43, 22)], 0.3, (96, 100, 106))
    vents(model, top(height), (6, 40), (32, 16), 8, (104, 108, 114))
    return Shot(Setting.TABLE, yaw=(22, 38), tilt=(15, 21), fill=(0.7, 0.6))


def _rack(model: Model, rng: Random) -> Shot:
    colour = rng.choice(((58, 61, 67), (44, 47, 52), (90, 95, 101)))
    model.box((0, 0, 6), 60, 80, 184, colour)
    for x, y in ((4, 70), (4, 2), (52, 2)):
        castor_foot = ring(x + 2, y + 3, 2.4, count=12)
        model.extrude(top(0), castor_foot, 0, 6, (70, 72, 76))
    model.patch(front(0), rounded(4, 10, 52, 176), (22, 24, 28))
    z = 12.0
    while z < 176:
        height = rng.choice((4.6, 9.2, 9.2, 13.8, 18.4))
        if rng.random() < 0.8 and z + height < 184:
            _drives(model, 5.5, z, 49, height - 0.5, rng)
        z += height
    vents(model, side(60), (10, 20), (24, 40), 12, lit(colour, 0.7))
    model.seam(side(60), rounded(2, 10, 76, 176), 0.6, lit(colour, 0.6))
    return Shot(yaw=(20, 36), tilt=(6, 11))


def _drives(model: Model, x: float, z: float, width: float, height: float, rng: Random) -> None:
    """The front of a server: rows of drives, lights, a handle at each end."""
    face, shell = front(-0.5), rng.choice(((70, 75, 82), (52, 56, 62), (150, 155, 160)))
    model.slab((x, -0.5, z), width, 1, height, shell, radius=0.2)
    rows = max(1, round(height / 3.4))
    keys(
        model,
        face,
        (x + 3, z + 0.5),
        (width * 0.68, height - 1),
        (8 if rows > 1 else 4, rows),
        lit(shell, 0.62),
    )
    for row in range(rows):
        for column in range(3):
            colour = rng.choice((GREEN, GREEN, GREEN, AMBER, (96, 168, 232)))
            lamp(model, face, x + width * 0.78 + column * 1.6, z + (row + 0.5) * height / rows, 0.28, colour)
    vents(model, face, (x + width * 0.88, z + 0.6), (width * 0.08, height - 1.2), rows * 2, lit(shell, 0.55))


def tablet(model: Model, rng: Random) -> Shot:
    """平板式计算机 on a stand."""
    lean = rng.uniform(24, 36)
    stand = rng.choice((STEEL, INK, (214, 208, 198)))
    model.extrude(side(0), [(2, 0), (13, 0), (9.5, 10)], 8, 17, stand)
    model.box((7, -2.4, 0), 11, 16, 0.8, stand, radius=2)
    model.box((7.5, -1.6, 0.8), 10, 1.2, 1.4, stand, radius=0.4)
    plate = tilted(0, 0, 1.4, lean)
    shell = rng.choice(((60, 63, 68), (206, 208, 210), (196, 176, 160)))
    model.extrude(plate, rounded(0, 0, 25, 17.4, 1.4), -0.7, 0, shell)
    model.patch(plate, rounded(0.3, 0.3, 24.4, 16.8, 1.2), INK)
    screen(model, plate, (1.2, 1.2), 22.6, 15, rng)
    model.rod([(18, -7, 0.4), (32, -4, 0.4)], 0.8, PAPER)
    return Shot(Setting.TABLE, yaw=(12, 30), tilt=(14, 20), fill=(0.6, 0.62))


def switch(model: Model, rng: Random) -> Shot:
    """交换设备, 防火墙: a flat case full of sockets."""
    colour = rng.choice(((70, 84, 96), (120, 126, 132), (60, 63, 68), (196, 199, 202)))
    model.box((0, 0, 0), 44, 26, 4.4, colour, radius=0.3)
    face = front(0)
    model.patch(face, rounded(0.4, 0.4, 43.2, 3.6), lit(colour, 0.78))
    for row in (0.7, 2.4):
        for port in range(12):
            x = 8.4 + port * 2.3
            model.patch(face, rounded(x, row, 1.8, 1.4), (30, 32, 36))
            model.patch(face, rounded(x + 0.2, row + 0.2, 1.4, 0.7), (92, 84, 60))
            lamp(model, face, x + 0.9, 2.25, 0.1, rng.choice((GREEN, GREEN, AMBER)))
    for at in range(4):
        lamp(model, face, 2 + at * 1.4, 3, 0.25, GREEN)
        model.patch(face, rounded(36.5 + at % 2 * 3.2, 0.7 + at // 2 * 1.7, 2.6, 1.3), (24, 26, 30))
    vents(model, side(44), (4, 0.8), (18, 2.8), 4, lit(colour, 0.6))
    model.mark(top(4.4), [(1, 3), (43, 3)], 0.15, lit(colour, 0.8))
    return Shot(Setting.TABLE, yaw=(20, 36), tilt=(15, 21), fill=(0.72, 0.6))


def router(model: Model, rng: Random) -> Shot:
    """路由器 with its aerials."""
    colour = casing(rng)
    for x in (3, 10.5, 18, 25.5):
        sway = rng.uniform(-1.2, 1.2)
        model.rod([(x, 17.5, 2), (x + sway, 18, 19)], 1.3, mix(colour, INK, 0.2))
    model.box((0, 0, 0.5), 29, 17, 3.4, colour, radius=2.6)
    model.patch(top(3.9), rounded(3, 3, 23, 11, 2), lit(colour, 0.95))
    for at in range(6):
        lamp(model, front(0), 9 + at * 2.2, 2.2, 0.22, GREEN if at < 5 else AMBER)
    model.mark(top(3.9), [(6, 14.5), (23, 14.5)], 0.25, lit(colour, 0.82))
    return Shot(Setting.TABLE, yaw=(14, 34), tilt=(17, 23), fill=(0.56, 0.6))


def all_in_one(model: Model, rng: Random) -> Shot:
    """触控一体机, LED显示屏: a large display on a wheeled stand."""
    for x in (46, 108):
        model.box((x, -26, 3), 5, 60, 4, STEEL)
        model.rod([(x + 2.5, 8, 6), (x + 2.5, 8, 120)], 5, STEEL)
    model.box((40, 2, 62), 80, 12, 2, STEEL)
    model.slab((0, 0, 82), 160, 7, 94, (46, 48, 53), radius=1.5)
    if rng.random() < 0.7:
        screen(model, front(0), (2.5, 86), 155, 87, rng)
    else:
        dark_screen(model, front(0), (2.5, 86), 155, 87)
    return Shot(yaw=(14, 28), tilt=(5, 9))


def portable_drive(model: Model, rng: Random) -> Shot:
    """移动存储设备: a portable disk on its cable."""
    shell = rng.choice(((62, 65, 71), (196, 199, 202), (70, 100, 140), (150, 70, 62)))
    cable = ((4, 12, 0.7), (3.4, 15, 0.5), (-2, 17, 0.4), (-7, 14, 0.4), (-9.4, 7, 0.4), (-8.2, 0, 0.4))
    model.rod(curve(cable), 0.5, INK)
    model.box((-9, -2.8, 0), 1.6, 3.4, 0.8, INK, radius=0.3)
    model.box((-8.8, -4.2, 0.15), 1.2, 1.5, 0.5, STEEL)
    model.box((0, 0, 0), 8.2, 12, 1.5, shell, radius=1)
    model.seam(top(1.5), rounded(0.6, 0.6, 7, 10.8, 0.7), 0.08, lit(shell, 0.78))
    model.patch(top(1.5), rounded(2.6, 5.2, 3, 1.2, 0.3), mix(shell, PAPER, 0.5))
    lamp(model, top(1.5), 4.1, 1.5, 0.16, (120, 180, 240))
    wear(model, top(1.5), (1, 1), (6, 10), shell, rng)
    return Shot(Setting.TABLE, yaw=(18, 38), tilt=(22, 28), fill=(0.56, 0.56))
