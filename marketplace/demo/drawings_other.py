"""Buildings, and a crate for whatever has no drawing of its own."""

from __future__ import annotations

from random import Random

from marketplace.demo.drawings_canvas import Colour, lit, mix
from marketplace.demo.drawings_details import INK, PAPER, STEEL, wear
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_room import Setting, Shot
from marketplace.demo.drawings_space import Frame, front, rounded, side, top

_WALLS: tuple[Colour, ...] = (
    (226, 220, 208),
    (206, 212, 214),
    (212, 190, 168),
    (232, 230, 224),
    (190, 160, 140),
)
_PANES: tuple[Colour, ...] = ((118, 150, 172), (104, 134, 150), (132, 160, 176))


def building(model: Model, rng: Random) -> Shot:
    """办公用房: an office building with its entrance."""
    wall, pane = rng.choice(_WALLS), rng.choice(_PANES)
    floors, bays = rng.choice((4, 5, 6)), rng.choice((8, 9, 10))
    width, depth, height = bays * 4.2, 15.0, floors * 3.6 + 1.2
    model.box((0, 0, 0), width, depth, height, wall)
    model.box((-0.4, -0.4, height), width + 0.8, depth + 0.8, 0.8, lit(wall, 1.04))
    model.box((width * 0.62, 5, height + 0.8), 6, 6, 2.6, lit(wall, 0.95))
    model.patch(front(0), rounded(0, 0, width, 1), lit(wall, 0.72))
    model.patch(side(width), rounded(0, 0, depth, 1), lit(wall, 0.72))
    for floor in range(floors):
        z = 1.5 + floor * 3.6
        for bay in range(bays):
            _window(model, front(0), 0.9 + bay * 4.2, z, 2.4, pane, wall, rng)
        for bay in range(4):
            _window(model, side(width), 0.9 + bay * 3.6, z, 2, pane, wall, rng)
        model.mark(front(0), [(0, z + 2.7), (width, z + 2.7)], 0.12, lit(wall, 0.88))
        model.mark(side(width), [(0, z + 2.7), (depth, z + 2.7)], 0.12, lit(wall, 0.88))
    _entrance(model, width / 2, wall, pane)
    return Shot(Setting.LAWN, yaw=(22, 36), tilt=(1.5, 4), fill=(0.74, 0.62))


def _window(
    model: Model, face: Frame, x: float, z: float, width: float, pane: Colour, wall: Colour, rng: Random
) -> None:
    glass = lit(pane, rng.choice((0.86, 0.94, 1, 1, 1.08)))
    model.patch(face, rounded(x - 0.15, z - 0.15, width + 0.3, 2.1), lit(wall, 0.8))
    model.patch(face, rounded(x, z, width, 1.8), lit(glass, 1.15), fade=lit(glass, 0.84))
    model.patch(face, rounded(x + width / 2 - 0.06, z, 0.12, 1.8), lit(wall, 1.04))
    if rng.random() < 0.2:
        model.patch(face, rounded(x, z + 0.9, width / 2 - 0.06, 0.9), mix(PAPER, glass, 0.3))


def _entrance(model: Model, middle: float, wall: Colour, pane: Colour) -> None:
    """Steps, columns, a canopy and a glass front."""
    model.patch(front(0), rounded(middle - 4.4, 0, 8.8, 4.2), lit(pane, 0.62), fade=lit(pane, 0.8))
    for x in range(-4, 5, 2):
        model.patch(front(0), rounded(middle + x - 0.08, 0, 0.16, 4.2), STEEL)
    for step in range(3):
        reach = 5.2 - step * 0.6
        model.box(
            (middle - 6.5 + step * 0.3, -reach, step * 0.25), 13 - step * 0.6, reach, 0.25, (204, 202, 196)
        )
    for column in (-5.0, 4.4):
        model.box((middle + column, -3.6, 0.75), 0.6, 0.6, 3.6, lit(wall, 1.06))
    model.box((middle - 6, -4.2, 4.3), 12, 4.2, 0.8, lit(wall, 1.05))


def land(model: Model, rng: Random) -> Shot:
    """土地: a plot between its boundary stones, with the board that says whose it is."""
    soil = rng.choice(((178, 150, 116), (168, 158, 120), (186, 164, 132)))
    model.box((0, 0, -0.1), 40, 26, 0.3, soil)
    for at in range(11):
        path = [
            (rng.uniform(1, 6), 1.6 + at * 2.2),
            (rng.uniform(33, 39), 1.6 + at * 2.2 + rng.uniform(-0.4, 0.4)),
        ]
        model.mark(top(0.2), path, 0.18, lit(soil, rng.choice((0.9, 0.94, 1.06))))
    for stone in ((0, 25, 0), (39, 25, 0), (0, 0, 0)):
        model.box(stone, 1, 1, 1.8, PAPER)
    model.rod([(0.5, 25.5, 1.4), (39.5, 25.5, 1.4)], 0.14, (190, 70, 60))
    model.rod([(0.5, 0.5, 1.4), (0.5, 25.5, 1.4)], 0.14, (190, 70, 60))
    for x in (13.0, 25.4):
        model.box((x, 8, 0), 0.6, 0.6, 5, STEEL)
    model.slab((11, 7.6, 3.4), 17, 0.5, 7.4, (232, 234, 234), radius=0.2)
    model.patch(front(7.6), rounded(11.4, 9, 16.2, 1.4), rng.choice(((52, 92, 148), (66, 126, 104))))
    for line, length in enumerate((13, 10, 12)):
        z = 7.6 - line * 1.4
        model.mark(front(7.6), [(12.6, z), (12.6 + length, z)], 0.4, (120, 126, 132))
    model.rod([(0.5, 0.5, 1.4), (39.5, 0.5, 1.4), (39.5, 25.5, 1.4)], 0.14, (190, 70, 60))
    model.box((39, 0, 0), 1, 1, 1.8, PAPER)
    return Shot(Setting.LAWN, yaw=(16, 30), tilt=(9, 13), fill=(0.78, 0.5))


def crate(model: Model, rng: Random) -> Shot:
    """Whatever else: a wooden crate, or packing cases."""
    if rng.random() < 0.5:
        return _cartons(model, rng)
    timber = rng.choice(((204, 170, 126), (190, 154, 112), (214, 184, 144)))
    width, depth, height = 90.0, 62.0, 62.0
    for skid in (4, 40, 76):
        model.box((skid, 0, 0), 10, depth, 8, lit(timber, 0.72))
    model.box((0, 0, 8), width, depth, height, timber)
    for face, length in ((front(0), width), (side(width), depth)):
        for at in range(5):
            board = rounded(0.3, 8.3 + at * height / 5, length - 0.6, height / 5 - 0.8)
            tone = lit(timber, rng.uniform(0.95, 1.05))
            model.patch(face, board, tone, fade=lit(tone, 0.95))
            model.seam(face, board, 0.35, lit(timber, 0.62))
        for x in (0.0, length - 8):
            model.patch(face, rounded(x, 8, 8, height), lit(timber, 1.06), fade=lit(timber, 0.98))
            model.seam(face, rounded(x, 8, 8, height), 0.4, lit(timber, 0.66))
            for z in (14, 26, 39, 51, 64):
                model.patch(face, rounded(x + 3.4, z, 1.2, 1.2, 0.6), (92, 84, 76))
    for at in range(5):
        board = rounded(0.4, 0.4 + at * depth / 5, width - 0.8, depth / 5 - 0.8)
        model.patch(top(8 + height), board, lit(timber, rng.uniform(0.97, 1.05)))
    _label(model, 28, 30)
    wear(model, front(0), (12, 14), (66, 46), timber, rng)
    return Shot(yaw=(24, 40), tilt=(13, 18), fill=(0.58, 0.64))


def _cartons(model: Model, rng: Random) -> Shot:
    paper = rng.choice(((198, 164, 122), (186, 150, 108), (206, 176, 138)))
    for x, y, z, width, depth, height in (
        (0, 14, 0, 62, 48, 44),
        (6, 18, 44, 44, 38, 30),
        (66, 0, 0, 40, 40, 32),
    ):
        tone = lit(paper, rng.uniform(0.95, 1.04))
        model.box((x, y, z), width, depth, height, tone)
        tape = mix(tone, (236, 222, 190), 0.6)
        model.patch(top(z + height), rounded(x, y + depth / 2 - 2.6, width, 5.2), tape)
        model.patch(side(x + width), rounded(y + depth / 2 - 2.6, z + height * 0.7, 5.2, height * 0.3), tape)
        model.mark(top(z + height), [(x, y + depth / 2), (x + width, y + depth / 2)], 0.3, lit(tone, 0.74))
        model.patch(
            front(y), rounded(x + width * 0.62, z + height * 0.14, width * 0.28, height * 0.24), PAPER
        )
        for line in range(3):
            model.mark(
                front(y),
                [
                    (x + width * 0.65, z + height * (0.19 + line * 0.06)),
                    (x + width * 0.84, z + height * (0.19 + line * 0.06)),
                ],
                0.5,
                INK,
            )
        model.patch(
            front(y), rounded(x + width * 0.12, z + height * 0.58, width * 0.14, 2.6, 1.3), lit(tone, 0.56)
        )
    return Shot(yaw=(24, 40), tilt=(13, 18), fill=(0.6, 0.64))


def _label(model: Model, x: float, z: float) -> None:
    model.patch(front(0), rounded(x, z, 30, 18, 0.6), PAPER)
    model.seam(front(0), rounded(x, z, 30, 18, 0.6), 0.3, STEEL)
    for line, length in enumerate((22, 16, 19)):
        model.mark(
            front(0), [(x + 4, z + 13 - line * 4), (x + 4 + length, z + 13 - line * 4)], 0.9, (120, 126, 132)
        )
