"""Where a thing is photographed: the wall, the floor or table under it, the light in the room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from marketplace.demo.drawings_canvas import Canvas, Colour, Spot, lit, mix
from marketplace.demo.drawings_space import Model, Point, Solid, Stroke, View, hull, shade_on_ground

SHADE: Colour = (34, 36, 52)

WALLS: tuple[Colour, ...] = (
    (233, 230, 223),
    (222, 228, 230),
    (226, 231, 222),
    (238, 231, 219),
    (215, 223, 231),
    (229, 224, 226),
    (236, 234, 230),
    (208, 217, 214),
)
WOODS: tuple[Colour, ...] = (
    (206, 178, 143),
    (188, 156, 120),
    (216, 195, 166),
    (170, 138, 106),
    (198, 184, 166),
)
STONES: tuple[Colour, ...] = (
    (203, 203, 200),
    (190, 193, 196),
    (214, 209, 201),
    (176, 180, 184),
    (196, 190, 182),
)
TABLES: tuple[Colour, ...] = (
    (214, 187, 152),
    (226, 220, 211),
    (190, 160, 126),
    (236, 233, 228),
    (176, 150, 124),
)


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


def photograph(model: Model, shot: Shot, rng: Random, size: tuple[int, int]) -> Image.Image:
    """A picture of the model in a room of its own."""
    view = _aim(model, shot, rng, size)
    canvas = Canvas(size)
    _PLACES[shot.setting](canvas, view, model, rng)
    for part in model.parts:
        part.paint(canvas, view)
    return canvas.finish(_gloom(rng))


def _aim(model: Model, shot: Shot, rng: Random, size: tuple[int, int]) -> View:
    """Stand so that the whole model fills its share of the picture."""
    points = [point for part in model.parts for point in part.points()]
    low = tuple(min(point[axis] for point in points) for axis in range(3))
    high = tuple(max(point[axis] for point in points) for axis in range(3))
    extent = max(high[axis] - low[axis] for axis in range(3))
    distance = extent * rng.uniform(2.7, 3.3)
    tilt = rng.uniform(*shot.tilt) * 0.01745
    base = View(
        yaw=rng.uniform(*shot.yaw) * 0.01745,
        distance=distance,
        eye=(low[2] + high[2]) / 2 + distance * tilt,
        centre=((low[0] + high[0]) / 2, (low[1] + high[1]) / 2),
        mirrored=rng.random() < 0.5,
    )
    spots = [base.spot(point) for point in points]
    left, right = min(x for x, _ in spots), max(x for x, _ in spots)
    upper, lower = min(y for _, y in spots), max(y for _, y in spots)
    width, height = size
    scale = min(width * shot.fill[0] / (right - left), height * shot.fill[1] / (lower - upper))
    shift = (
        width * rng.uniform(0.48, 0.52) - (left + right) / 2 * scale,
        height * (0.5 + 0.035) - (upper + lower) / 2 * scale,
    )
    return View(base.yaw, distance, base.eye, base.centre, scale, shift, base.mirrored)


def _floor(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    edge = _far_edge(canvas, view, model, rng.uniform(0.03, 0.09))
    wall, kind = rng.choice(WALLS), rng.randrange(4)
    _wall(canvas, wall, edge, rng)
    if kind == 0:
        _planks(canvas, view, edge, rng.choice(WOODS), rng)
    elif kind == 1:
        _tiles(canvas, view, edge, rng.choice(STONES), rng)
    else:
        ground = rng.choice(STONES + WOODS) if kind == 2 else mix(wall, (150, 140, 130), 0.25)
        _ground(canvas, edge, ground)
    _skirting(canvas, wall, edge, rng)
    _shadows(canvas, view, model, 1)


def _table(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    edge = _far_edge(canvas, view, model, rng.uniform(0.06, 0.12))
    wall = rng.choice(WALLS)
    _wall(canvas, wall, edge, rng)
    colour = rng.choice(TABLES)
    _ground(canvas, edge, colour)
    if colour[0] - colour[2] > 20:
        _grain(canvas, edge, colour, rng)
    canvas.soft(
        [[(0, edge - 26), (canvas.width, edge - 26), (canvas.width, edge), (0, edge)]],
        SHADE,
        blur=14,
        strength=0.2,
    )
    canvas.line([(0, edge), (canvas.width, edge)], lit(colour, 1.12), 2.5)
    _shadows(canvas, view, model, 1.15)


def _hung(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    wall = rng.choice(WALLS)
    _wall(canvas, wall, canvas.height, rng)
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
        _facade(canvas, edge, rng)
    else:
        _sky(canvas, edge, rng)
        _trees(canvas, edge, rng, height=(0.1, 0.3))
    ground = rng.choice(((168, 170, 172), (182, 180, 176), (156, 160, 166)))
    _ground(canvas, edge, ground)
    kerb = [(0, edge - 10), (canvas.width, edge - 10), (canvas.width, edge + 4), (0, edge + 4)]
    canvas.faded(kerb, (212, 211, 206), (168, 168, 166))
    if rng.random() < 0.6:
        _bays(canvas, view, edge, mix(ground, (255, 255, 255), 0.6))
    _shadows(canvas, view, model, 1.3)


def _lawn(canvas: Canvas, view: View, model: Model, rng: Random) -> None:
    edge = _far_edge(canvas, view, model, 0.02)
    _sky(canvas, edge, rng)
    _trees(canvas, edge, rng, height=(0.1, 0.24))
    grass = rng.choice(((150, 172, 118), (160, 176, 130), (140, 164, 122)))
    canvas.faded(
        [(0, edge), (canvas.width, edge), (canvas.width, canvas.height), (0, canvas.height)],
        lit(grass, 1.06),
        lit(grass, 0.9),
    )
    start = _last_ground(view, model) + 12
    plaza = [(0, start), (canvas.width, start), (canvas.width, canvas.height), (0, canvas.height)]
    canvas.faded(plaza, (208, 206, 200), (190, 188, 182))
    canvas.line([(0, start), (canvas.width, start)], (226, 224, 219), 3)
    _shadows(canvas, view, model, 0.8)


_PLACES = {
    Setting.FLOOR: _floor,
    Setting.TABLE: _table,
    Setting.WALL: _hung,
    Setting.YARD: _yard,
    Setting.LAWN: _lawn,
}


def _ground_spots(view: View, model: Model) -> list[Spot]:
    points = [point for part in model.parts if isinstance(part, Solid) for point in part.points()]
    return [view.spot((x, y, 0)) for x, y, _ in points]


def _far_edge(canvas: Canvas, view: View, model: Model, margin: float) -> float:
    """Where the ground ends in the picture: a little behind the thing."""
    return min(y for _, y in _ground_spots(view, model)) - margin * canvas.height


def _last_ground(view: View, model: Model) -> float:
    return max(y for _, y in _ground_spots(view, model))


def _wall(canvas: Canvas, colour: Colour, edge: float, rng: Random) -> None:
    area = [(0.0, 0.0), (canvas.width, 0.0), (canvas.width, edge), (0.0, edge)]
    canvas.faded(area, lit(colour, 1.02), lit(colour, 0.93))
    if rng.random() < 0.45:
        _window_light(canvas, edge, rng)


def _window_light(canvas: Canvas, edge: float, rng: Random) -> None:
    """Daylight that falls through a window onto the wall."""
    x, width = rng.uniform(-0.05, 0.6) * canvas.width, 0.17 * canvas.width
    lean, top_, bottom = 0.2 * canvas.width, -0.05 * canvas.height, edge * rng.uniform(0.75, 0.95)
    panes = []
    for pane in (0, 1):
        start = x + pane * width * 1.15
        panes.append(
            [(start, top_), (start + width, top_), (start + width + lean, bottom), (start + lean, bottom)]
        )
    canvas.soft(panes, (255, 252, 240), blur=18, strength=0.42)


def _ground(canvas: Canvas, edge: float, colour: Colour) -> None:
    area = [(0.0, edge), (canvas.width, edge), (canvas.width, canvas.height), (0.0, canvas.height)]
    canvas.faded(area, lit(colour, 0.95), lit(colour, 1.05))


def _skirting(canvas: Canvas, wall: Colour, edge: float, rng: Random) -> None:
    if rng.random() < 0.3:
        # A backdrop that runs from wall to floor without an edge.
        band = [(0.0, edge - 40), (canvas.width, edge - 40), (canvas.width, edge + 40), (0.0, edge + 40)]
        canvas.soft([band], lit(wall, 0.97), blur=36, strength=0.9)
        return
    height = rng.uniform(20, 34)
    board = [(0.0, edge - height), (canvas.width, edge - height), (canvas.width, edge), (0.0, edge)]
    canvas.faded(board, lit(wall, 1.04), lit(wall, 0.95))
    canvas.line([(0, edge - height), (canvas.width, edge - height)], lit(wall, 0.86), 1.2)
    canvas.line([(0, edge), (canvas.width, edge)], lit(wall, 0.66), 1.6)


def _rays(canvas: Canvas, view: View, edge: float, step: float) -> list[tuple[float, float]]:
    """Lines on the ground that run away from the viewer: x at the far edge and at the near one."""
    horizon = view.shift[1]
    far, near = edge - horizon, canvas.height - horizon
    middle = canvas.width / 2
    spacing = step * view.scale / (view.eye * view.scale / far)
    count = int(canvas.width / 2 / spacing) + 2
    return [(middle + at * spacing, middle + at * spacing * near / far) for at in range(-count, count + 1)]


def _rows(canvas: Canvas, view: View, edge: float, step: float) -> list[float]:
    """Heights in the picture of lines on the ground that run across."""
    horizon = view.shift[1]
    depth = view.eye * view.scale / (edge - horizon)
    rows = []
    while depth > step:
        y = horizon + view.eye * view.scale / depth
        if y > canvas.height or len(rows) > 40:
            break
        rows.append(y)
        depth -= step
    return rows


def _planks(canvas: Canvas, view: View, edge: float, colour: Colour, rng: Random) -> None:
    _ground(canvas, edge, colour)
    horizon = view.shift[1]
    rays = _rays(canvas, view, edge, view.distance * 0.05)
    for (far, near), (next_far, next_near) in zip(rays, rays[1:], strict=False):
        board = [(far, edge), (next_far, edge), (next_near, canvas.height), (near, canvas.height)]
        tone = lit(colour, rng.uniform(0.955, 1.03))
        canvas.faded(board, lit(tone, 0.96), lit(tone, 1.04))
        canvas.line([board[0], board[3]], lit(tone, 0.86), 1)
        y = rng.uniform(edge, canvas.height)
        share = (y - horizon) / (edge - horizon)
        middle = canvas.width / 2
        canvas.line(
            [(middle + (far - middle) * share, y), (middle + (next_far - middle) * share, y)],
            lit(tone, 0.86),
            1,
        )


def _tiles(canvas: Canvas, view: View, edge: float, colour: Colour, rng: Random) -> None:
    _ground(canvas, edge, colour)
    side = view.distance * rng.uniform(0.13, 0.17)
    joint = lit(colour, 0.88)
    for far, near in _rays(canvas, view, edge, side):
        canvas.line([(far, edge), (near, canvas.height)], joint, 1.3)
    for y in _rows(canvas, view, edge, side):
        canvas.line([(0, y), (canvas.width, y)], joint, 1.3)


def _grain(canvas: Canvas, edge: float, colour: Colour, rng: Random) -> None:
    span = canvas.height - edge
    for _ in range(26):
        y = edge + span * rng.random() ** 1.4
        x, length = rng.uniform(-0.2, 0.9) * canvas.width, rng.uniform(0.2, 0.7) * canvas.width
        canvas.line(
            [(x, y), (x + length, y + rng.uniform(-3, 3))], lit(colour, rng.choice((0.94, 0.965, 1.03))), 1.4
        )


def _sky(canvas: Canvas, edge: float, rng: Random) -> None:
    high, low = rng.choice(
        (
            ((186, 208, 226), (232, 237, 236)),
            ((205, 217, 224), (238, 236, 228)),
            ((176, 204, 228), (226, 235, 240)),
        )
    )
    canvas.faded([(0, 0), (canvas.width, 0), (canvas.width, edge), (0, edge)], high, low)
    clouds = []
    for _ in range(3):
        x, y = rng.uniform(0, 1) * canvas.width, rng.uniform(0.04, 0.22) * canvas.height
        width, height = rng.uniform(180, 380), rng.uniform(16, 34)
        clouds.append([(x - width, y), (x, y - height), (x + width, y), (x, y + height)])
    canvas.soft(clouds, (255, 255, 255), blur=30, strength=0.75)


def _trees(canvas: Canvas, edge: float, rng: Random, *, height: tuple[float, float]) -> None:
    """A soft row of trees and hedges far behind."""
    for tone, rise in (((176, 194, 178), 1.0), ((150, 174, 150), 0.62)):
        crowns = []
        x = -60.0
        while x < canvas.width + 60:
            radius = rng.uniform(50, 130)
            tall = rng.uniform(*height) * rise * canvas.height
            crowns.append(
                [
                    (x - radius, edge + 4),
                    (x - radius * 0.9, edge - tall * 0.7),
                    (x, edge - tall),
                    (x + radius * 0.9, edge - tall * 0.7),
                    (x + radius, edge + 4),
                ]
            )
            x += radius * rng.uniform(0.8, 1.3)
        canvas.soft(crowns, tone, blur=9, strength=0.9)


def _facade(canvas: Canvas, edge: float, rng: Random) -> None:
    """The wall of an office building with a row of windows, out of focus."""
    wall = rng.choice(((222, 217, 208), (205, 211, 214), (226, 221, 214), (201, 196, 190)))
    canvas.faded(
        [(0, 0), (canvas.width, 0), (canvas.width, edge), (0, edge)], lit(wall, 1.03), lit(wall, 0.94)
    )
    plinth = [(0.0, edge - 70), (canvas.width, edge - 70), (canvas.width, edge), (0.0, edge)]
    canvas.soft([plinth], lit(wall, 0.82), blur=5, strength=0.9)
    width, gap, start = 190, 90, rng.uniform(-200, 0)
    bottom, upper = edge - 170, edge - 520
    panes = [
        [(x, upper), (x + width, upper), (x + width, bottom), (x, bottom)]
        for x in _steps(start, canvas.width, width + gap)
    ]
    canvas.soft(panes, (142, 164, 180), blur=5, strength=0.85)
    shine = [
        [(x + 20, upper), (x + 90, upper), (x + 30, bottom), (x - 0, bottom)]
        for x in _steps(start, canvas.width, width + gap)
    ]
    canvas.soft(shine, (228, 236, 240), blur=10, strength=0.4)


def _steps(start: float, end: float, step: float) -> list[float]:
    return [start + step * at for at in range(int((end - start) / step) + 1)]


def _bays(canvas: Canvas, view: View, edge: float, paint: Colour) -> None:
    """The painted lines of parking bays."""
    for far, near in _rays(canvas, view, edge, view.distance * 0.42):
        canvas.shape(
            [(far - 3, edge + 6), (far + 3, edge + 6), (near + 9, canvas.height), (near - 9, canvas.height)],
            paint,
        )


def _shadows(canvas: Canvas, view: View, model: Model, weight: float) -> None:
    """What keeps light from the ground: far and faint, near and dark."""
    cast, contact = [], []
    for part in model.parts:
        points: list[Point] = list(part.points())
        if not points or not isinstance(part, Solid | Stroke):
            continue
        cast.append(hull(view.spot(shade_on_ground(point)) for point in points))
        if min(point[2] for point in points) < 3:
            low = [point for point in points if point[2] < 6]
            contact.append(hull(view.spot((x, y, 0)) for x, y, _ in low))
    canvas.soft(cast, SHADE, blur=30, strength=min(0.3 * weight, 0.5))
    canvas.soft(contact, SHADE, blur=9, strength=min(0.5 * weight, 0.62))


def _gloom(rng: Random) -> Image.Image:
    """Where the light in the room fades: towards the corners, away from the window."""
    small = Image.new("L", (32, 24), 24)
    x, y = rng.uniform(8, 24), rng.uniform(6, 12)
    ImageDraw.Draw(small).ellipse((x - 13, y - 10, x + 13, y + 13), fill=0)
    return small.filter(ImageFilter.GaussianBlur(6))
