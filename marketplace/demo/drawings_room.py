"""Where a thing is photographed: the wall, the floor or table under it, the light in the room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from math import cos, radians, sin
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from marketplace.demo.drawings_canvas import Canvas, Colour, Spot, lit, mix
from marketplace.demo.drawings_outdoors import bay, facade, sky, trees
from marketplace.demo.drawings_parts import Model, Solid, Stroke
from marketplace.demo.drawings_space import View, hull, shade_on_ground

SHADE: Colour = (34, 36, 52)
DAYLIGHT: Colour = (255, 252, 240)

_WALLS: tuple[Colour, ...] = (
    (233, 230, 223),
    (222, 228, 230),
    (226, 231, 222),
    (238, 231, 219),
    (215, 223, 231),
    (229, 224, 226),
    (236, 234, 230),
    (208, 217, 214),
)
_WOODS: tuple[Colour, ...] = (
    (206, 178, 143),
    (188, 156, 120),
    (216, 195, 166),
    (170, 138, 106),
    (198, 184, 166),
)
_STONES: tuple[Colour, ...] = (
    (203, 203, 200),
    (190, 193, 196),
    (214, 209, 201),
    (176, 180, 184),
    (196, 190, 182),
)
_TABLES: tuple[Colour, ...] = (
    (214, 187, 152),
    (226, 220, 211),
    (190, 160, 126),
    (236, 233, 228),
    (176, 150, 124),
)
_TARMACS: tuple[Colour, ...] = ((168, 170, 172), (182, 180, 176), (156, 160, 166))
_LAWNS: tuple[Colour, ...] = ((150, 172, 118), (160, 176, 130), (140, 164, 122))


class Setting(Enum):
    """What a thing stands on, or hangs at."""

    FLOOR = "floor"
    TABLE = "table"
    WALL = "wall"
    YARD = "yard"
    LAWN = "lawn"


@dataclass(frozen=True, slots=True)
class Shot:
    """How a kind of thing is photographed."""

    setting: Setting = Setting.FLOOR
    yaw: tuple[float, float] = (22, 38)
    """Range in degrees; the viewer stands to the side of the front by this much."""
    tilt: tuple[float, float] = (11, 17)
    """Range in degrees by which the viewer looks down at the middle of the thing."""
    fill: tuple[float, float] = (0.68, 0.74)
    """Share of the picture's width and height that the thing may take."""
    may_mirror: bool = True
    """False for a thing that carries figures, which would read backwards."""


def photograph(model: Model, shot: Shot, rng: Random, size: tuple[int, int]) -> Image.Image:
    """A picture of the model in a room of its own."""
    canvas = Canvas(size)
    view = _aim(model, shot, rng, (canvas.width, canvas.height))
    _PLACES[shot.setting](canvas, view, model, rng)
    canvas.double()
    for part in model.parts:
        part.paint(canvas, view)
    return canvas.finish(_gloom(rng))


def _aim(model: Model, shot: Shot, rng: Random, size: tuple[float, float]) -> View:
    """Stand so that the whole model fills its share of the picture."""
    points = [point for part in model.parts for point in part.points()]
    low = [min(point[axis] for point in points) for axis in range(3)]
    high = [max(point[axis] for point in points) for axis in range(3)]
    distance = max(b - a for a, b in zip(low, high, strict=True)) * rng.uniform(2.7, 3.3)
    yaw = radians(rng.uniform(*shot.yaw))
    view = View(
        sine=sin(yaw),
        cosine=cos(yaw),
        distance=distance,
        eye=(low[2] + high[2]) / 2 + distance * radians(rng.uniform(*shot.tilt)),
        centre=((low[0] + high[0]) / 2, (low[1] + high[1]) / 2),
        mirrored=shot.may_mirror and rng.random() < 0.5,
    )
    spots = [view.spot(point) for point in points]
    left, right = min(x for x, _ in spots), max(x for x, _ in spots)
    upper, lower = min(y for _, y in spots), max(y for _, y in spots)
    scale = min(size[0] * shot.fill[0] / (right - left), size[1] * shot.fill[1] / (lower - upper))
    across = size[0] * rng.uniform(0.48, 0.52) - (left + right) / 2 * scale
    return replace(view, scale=scale, shift=(across, size[1] * 0.535 - (upper + lower) / 2 * scale))


def _floor(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    edge = _far_edge(canvas, view, model, rng.uniform(0.03, 0.09))
    wall, kind = rng.choice(_WALLS), rng.randrange(4)
    _wall(canvas, wall, edge, rng)
    if kind == 0:
        _planks(canvas, view, edge, rng.choice(_WOODS), rng)
    elif kind == 1:
        _tiles(canvas, view, edge, rng.choice(_STONES), rng)
    else:
        _ground(canvas, edge, rng.choice(_STONES + _WOODS) if kind == 2 else mix(wall, (150, 140, 130), 0.25))
    _skirting(canvas, wall, edge, rng)
    _shadows(canvas, view, model, 1)


def _table(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    edge = _far_edge(canvas, view, model, rng.uniform(0.06, 0.12))
    _wall(canvas, rng.choice(_WALLS), edge, rng)
    colour = rng.choice(_TABLES)
    _ground(canvas, edge, colour)
    if colour[0] - colour[2] > 20:
        _grain(canvas, edge, rng)
    behind = [(0.0, edge - 26), (canvas.width, edge - 26), (canvas.width, edge), (0.0, edge)]
    canvas.soft([behind], SHADE, blur=14, strength=0.2)
    canvas.line([(0, edge), (canvas.width, edge)], lit(colour, 1.12), 2.5)
    _shadows(canvas, view, model, 1.15)


def _hung(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    _wall(canvas, rng.choice(_WALLS), canvas.height, rng)
    sign = -1 if view.mirrored else 1
    outlines = [
        hull(view.spot(point) for point in part.points()) for part in model.parts if isinstance(part, Solid)
    ]
    for reach, blur, strength in ((26, 22, 0.3), (9, 7, 0.3)):
        moved = [[(x + sign * reach, y + reach * 1.2) for x, y in outline] for outline in outlines]
        canvas.soft(moved, SHADE, blur=blur, strength=strength)


def _yard(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    edge = _far_edge(canvas, view, model, rng.uniform(0.05, 0.1))
    if rng.random() < 0.5:
        facade(canvas, edge, rng)
    else:
        sky(canvas, edge, rng)
        trees(canvas, edge, rng, height=(0.1, 0.3))
    ground = rng.choice(_TARMACS)
    _ground(canvas, edge, ground)
    canvas.band(edge - 10, edge + 4, (212, 211, 206), (168, 168, 166))
    if rng.random() < 0.6:
        bay(canvas, view, edge)
    _shadows(canvas, view, model, 1.3)


def _lawn(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    edge = _far_edge(canvas, view, model, 0.02)
    sky(canvas, edge, rng)
    trees(canvas, edge, rng, height=(0.1, 0.24))
    grass, start = rng.choice(_LAWNS), max(y for _, y in _footprint(view, model)) + 12
    canvas.band(edge, start, lit(grass, 1.06), lit(grass, 0.9))
    canvas.band(start, canvas.height, (208, 206, 200), (190, 188, 182))
    canvas.line([(0, start), (canvas.width, start)], (226, 224, 219), 3)
    _shadows(canvas, view, model, 0.8)


_PLACES = {
    Setting.FLOOR: _floor,
    Setting.TABLE: _table,
    Setting.WALL: _hung,
    Setting.YARD: _yard,
    Setting.LAWN: _lawn,
}


def _footprint(view: View, model: Model) -> list[Spot]:
    """Where the thing would stand if all of it were flat on the ground."""
    solids = (part for part in model.parts if isinstance(part, Solid))
    return [view.spot((x, y, 0)) for part in solids for x, y, _ in part.points()]


def _far_edge(canvas: Canvas, view: View, model: Model, margin: float) -> float:
    """Where the ground ends in the picture: a little behind the thing."""
    return min(y for _, y in _footprint(view, model)) - margin * canvas.height


def _wall(canvas: Canvas, colour: Colour, edge: float, rng: Random) -> None:
    canvas.band(0, edge, lit(colour, 1.08), lit(colour, 0.95))
    if rng.random() < 0.45:
        _window_light(canvas, edge, rng)


def _window_light(canvas: Canvas, edge: float, rng: Random) -> None:
    """Daylight that falls through a window onto the wall."""
    width, lean = 0.17 * canvas.width, 0.2 * canvas.width
    upper, lower = -0.05 * canvas.height, edge * rng.uniform(0.75, 0.95)
    start = rng.uniform(-0.05, 0.6) * canvas.width
    panes = [
        [(x, upper), (x + width, upper), (x + width + lean, lower), (x + lean, lower)]
        for x in (start, start + width * 1.15)
    ]
    canvas.soft(panes, DAYLIGHT, blur=18, strength=0.42)


def _ground(canvas: Canvas, edge: float, colour: Colour) -> None:
    canvas.band(edge, canvas.height, lit(colour, 0.97), lit(colour, 1.08))


def _skirting(canvas: Canvas, wall: Colour, edge: float, rng: Random) -> None:
    """A board along the wall, or a backdrop that runs from wall to floor without an edge."""
    if rng.random() < 0.3:
        bend = [(0.0, edge - 40), (canvas.width, edge - 40), (canvas.width, edge + 40), (0.0, edge + 40)]
        canvas.soft([bend], lit(wall, 0.97), blur=36, strength=0.9)
        return
    board = edge - rng.uniform(20, 34)
    canvas.band(board, edge, lit(wall, 1.04), lit(wall, 0.95))
    canvas.line([(0, board), (canvas.width, board)], lit(wall, 0.86), 1)
    canvas.line([(0, edge), (canvas.width, edge)], lit(wall, 0.66), 2)


def _planks(canvas: Canvas, view: View, edge: float, colour: Colour, rng: Random) -> None:
    rays, middle = view.rays(canvas.width, canvas.height, edge, view.distance * 0.05), canvas.width / 2
    joints: list[Sequence[Spot]] = []
    for (far, near), (next_far, next_near) in pairwise(rays):
        tone = lit(colour, rng.uniform(0.955, 1.03))
        board = [(far, edge), (next_far, edge), (next_near, canvas.height), (near, canvas.height)]
        canvas.faded(board, lit(tone, 0.96), lit(tone, 1.04))
        y = rng.uniform(edge, canvas.height)
        share = (y - view.shift[1]) / (edge - view.shift[1])
        left, right = middle + (far - middle) * share, middle + (next_far - middle) * share
        joints += [
            _ray_line(canvas, edge, far, near),
            [(left, y - 0.6), (right, y - 0.6), (right, y + 0.6), (left, y + 0.6)],
        ]
    canvas.etch(joints, SHADE, 0.2)


def _tiles(canvas: Canvas, view: View, edge: float, colour: Colour, rng: Random) -> None:
    _ground(canvas, edge, colour)
    side, height = view.distance * rng.uniform(0.13, 0.17), canvas.height
    joints = [_ray_line(canvas, edge, far, near) for far, near in view.rays(canvas.width, height, edge, side)]
    joints += [
        [(0, y - 0.7), (canvas.width, y - 0.7), (canvas.width, y + 0.7), (0, y + 0.7)]
        for y in view.rows(height, edge, side)
    ]
    canvas.etch(joints, SHADE, 0.16)


def _ray_line(canvas: Canvas, edge: float, far: float, near: float) -> list[Spot]:
    return [(far - 0.4, edge), (far + 0.4, edge), (near + 1, canvas.height), (near - 1, canvas.height)]


def _grain(canvas: Canvas, edge: float, rng: Random) -> None:
    span = canvas.height - edge
    lines: list[Sequence[Spot]] = []
    for _ in range(26):
        y = edge + span * rng.random() ** 1.4
        x, length = rng.uniform(-0.2, 0.9) * canvas.width, rng.uniform(0.2, 0.7) * canvas.width
        lines.append(
            [(x, y), (x + length / 2, y + rng.uniform(0, 2.4)), (x + length, y), (x + length / 2, y - 1)]
        )
    canvas.etch(lines, SHADE, 0.09)


def _shadows(canvas: Canvas, view: View, model: Model, weight: float) -> None:
    """What keeps light from the ground: far and faint, near and dark."""
    cast, contact = [], []
    for part in model.parts:
        points = list(part.points())
        for piece in pairwise(points) if isinstance(part, Stroke) else (points,):
            cast.append(hull(view.spot(shade_on_ground(point)) for point in piece))
            contact.append(hull(view.spot((x, y, 0)) for x, y, z in piece if z < 6))
    canvas.soft(cast, SHADE, blur=30, strength=min(0.3 * weight, 0.5))
    canvas.soft(contact, SHADE, blur=9, strength=min(0.5 * weight, 0.62))


def _gloom(rng: Random) -> Image.Image:
    """Where the light in the room fades: towards the corners, away from the window."""
    small = Image.new("L", (32, 24), 17)
    x, y = rng.uniform(8, 24), rng.uniform(6, 12)
    ImageDraw.Draw(small).ellipse((x - 13, y - 10, x + 13, y + 13), fill=0)
    return small.filter(ImageFilter.GaussianBlur(6))
