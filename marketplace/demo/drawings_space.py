"""A small space seen through a camera. Lengths in centimetres.

``x`` runs to the right, ``y`` away from the viewer, ``z`` up; a thing's front looks towards smaller
``y``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from marketplace.demo.drawings_canvas import Spot

Point = tuple[float, float, float]
Outline = Sequence[Spot]

_LAMP = (-0.36, -0.52, 0.775)
"""Where the light comes from: above, from the left, in front."""
_FALL = (0.30, 0.34)
"""How far a shadow reaches, per height above the ground."""


def rounded(x: float, y: float, width: float, height: float, radius: float = 0) -> list[Spot]:
    """A rectangle with rounded corners, from its lower left corner."""
    radius = min(radius, width / 2, height / 2)
    if radius <= 0:
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    corners = (
        (x + width - radius, y + radius, -90),
        (x + width - radius, y + height - radius, 0),
        (x + radius, y + height - radius, 90),
        (x + radius, y + radius, 180),
    )
    return [
        (
            cx + radius * math.cos(math.radians(start + turn)),
            cy + radius * math.sin(math.radians(start + turn)),
        )
        for cx, cy, start in corners
        for turn in (0, 18, 36, 54, 72, 90)
    ]


def ring(x: float, y: float, radius: float, flatness: float = 1, count: int = 36) -> list[Spot]:
    """A circle, or an ellipse lower than wide by ``flatness``."""
    turns = (2 * math.pi * step / count for step in range(count))
    return [(x + radius * math.cos(turn), y + radius * flatness * math.sin(turn)) for turn in turns]


def curve(points: Sequence[Point], steps: int = 6) -> list[Point]:
    """A smooth path through some points (Catmull-Rom)."""
    path, last = [points[0]], len(points) - 1
    for at in range(last):
        before, start, end, after = (points[min(max(at + shift, 0), last)] for shift in (-1, 0, 1, 2))
        for step in range(1, steps + 1):
            x, y, z = (
                _blend(before[axis], start[axis], end[axis], after[axis], step / steps) for axis in range(3)
            )
            path.append((x, y, z))
    return path


@dataclass(frozen=True, slots=True)
class View:
    """A camera on the level at ``eye``, turned by ``yaw``, so that upright edges stay upright."""

    sine: float
    cosine: float
    """Of the angle by which the viewer stands to the right of the thing's front."""
    distance: float
    eye: float
    centre: Spot
    scale: float = 1
    shift: Spot = (0, 0)
    mirrored: bool = False

    def depth(self, point: Point) -> float:
        """How far away a point is."""
        x, y = point[0] - self.centre[0], point[1] - self.centre[1]
        return self.distance - x * self.sine + y * self.cosine

    def mean_depth(self, points: Sequence[Point]) -> float:
        """How far away some points are on average."""
        return sum(self.depth(point) for point in points) / len(points)

    def spot(self, point: Point) -> Spot:
        """Where a point stands in the picture."""
        x, y = point[0] - self.centre[0], point[1] - self.centre[1]
        ratio = self.scale / (self.distance - x * self.sine + y * self.cosine)
        across = (x * self.cosine + y * self.sine) * ratio
        return (
            (-across if self.mirrored else across) + self.shift[0],
            (self.eye - point[2]) * ratio + self.shift[1],
        )

    def faces(self, spots: Sequence[Spot]) -> bool:
        """Whether a polygon that runs counter-clockwise in space shows its front."""
        doubled = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise((*spots, spots[0])))
        return (doubled > 0) == self.mirrored if abs(doubled) > 1e-9 else False

    def sees(self, point: Point, direction: Point) -> bool:
        """Whether a surface at a point that looks into a direction shows its front."""
        ray = (
            self.centre[0] + self.distance * self.sine - point[0],
            self.centre[1] - self.distance * self.cosine - point[1],
            self.eye - point[2],
        )
        return sum(a * b for a, b in zip(ray, direction, strict=True)) > 0

    def rays(self, width: float, height: float, edge: float, step: float) -> list[Spot]:
        """Lines on the ground that run away from the viewer: x at the far ``edge`` and at the bottom.

        There is always one in the middle of the picture, which is ``width`` by ``height``.
        """
        far, near = edge - self.shift[1], height - self.shift[1]
        spacing = step * far / self.eye
        count = int(width / 2 / spacing) + 2
        middle = width / 2
        return [
            (middle + at * spacing, middle + at * spacing * near / far) for at in range(-count, count + 1)
        ]

    def rows(self, height: float, edge: float, step: float) -> list[float]:
        """Lines on the ground that run across, by their y in the picture."""
        horizon, reach = self.shift[1], self.eye * self.scale
        rows: list[float] = []
        depth = reach / (edge - horizon)
        while depth > reach / (height - horizon) and len(rows) < 40:
            rows.append(horizon + reach / depth)
            depth -= step
        return rows


@dataclass(frozen=True, slots=True)
class Frame:
    """A plane to draw on: ``u`` to the right, ``v`` up, seen from in front."""

    origin: Point
    u: Point
    v: Point

    def at(self, a: float, b: float, out: float = 0) -> Point:
        """A point by its place on the plane and its height above it."""
        o, u, v, n = self.origin, self.u, self.v, self.front
        return (
            o[0] + a * u[0] + b * v[0] + out * n[0],
            o[1] + a * u[1] + b * v[1] + out * n[1],
            o[2] + a * u[2] + b * v[2] + out * n[2],
        )

    @property
    def front(self) -> Point:
        """The direction that the plane looks into."""
        return _cross(self.u, self.v)

    def all(self, outline: Outline, out: float = 0) -> list[Point]:
        """An outline on the plane as points in space."""
        return [self.at(a, b, out) for a, b in outline]


def front(y: float) -> Frame:
    """The upright plane at ``y`` that looks at the viewer; its coordinates are x and z."""
    return Frame((0, y, 0), (1, 0, 0), (0, 0, 1))


def side(x: float) -> Frame:
    """The upright plane at ``x`` that looks to the right; its coordinates are y and z."""
    return Frame((x, 0, 0), (0, 1, 0), (0, 0, 1))


def top(z: float) -> Frame:
    """The level plane at ``z``; its coordinates are x and y."""
    return Frame((0, 0, z), (1, 0, 0), (0, 1, 0))


def tilted(x: float, y: float, z: float, degrees: float) -> Frame:
    """A plane through a level edge that leans back from upright by some degrees."""
    lean = math.radians(degrees)
    return Frame((x, y, z), (1, 0, 0), (0, math.sin(lean), math.cos(lean)))


def brightness(direction: Point, gloss: float = 0) -> float:
    """How much light a surface looking into a direction returns; 1 shows its colour as it is."""
    facing = sum(a * b for a, b in zip(direction, _LAMP, strict=True))
    base = 0.67 + 0.07 * direction[2] + 0.41 * max(facing, 0)
    return base + gloss * max(facing, 0) ** 12


def normal(points: Sequence[Point]) -> Point:
    """The direction into which a flat shape looks, for points counter-clockwise from in front."""
    total = [0.0, 0.0, 0.0]
    for (x0, y0, z0), (x1, y1, z1) in pairwise((*points, points[0])):
        total[0] += (y0 - y1) * (z0 + z1)
        total[1] += (z0 - z1) * (x0 + x1)
        total[2] += (x0 - x1) * (y0 + y1)
    length = math.hypot(*total) or 1
    return (total[0] / length, total[1] / length, total[2] / length)


def shade_on_ground(point: Point) -> Point:
    """Where the shadow of a point falls."""
    return (point[0] + point[2] * _FALL[0], point[1] + point[2] * _FALL[1], 0)


def hull(spots: Iterable[Spot]) -> list[Spot]:
    """The convex outline around some spots."""
    ordered = sorted(set(spots))
    halves: list[list[Spot]] = []
    for run in (ordered, ordered[::-1]):
        half: list[Spot] = []
        for spot in run:
            while len(half) > 1 and _turn(half[-2], half[-1], spot) <= 0:
                half.pop()
            half.append(spot)
        halves.append(half[:-1])
    return halves[0] + halves[1]


def _blend(before: float, start: float, end: float, after: float, t: float) -> float:
    bend = 2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before)
    return start + 0.5 * t * (end - before + t * bend)


def _turn(a: Spot, b: Spot, c: Spot) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(a: Point, b: Point) -> Point:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def volume(rings: list[list[Point]]) -> float:
    """Of a body between rings; negative when its sides look inwards."""
    first, last, count = rings[0], rings[-1], len(rings[0])
    faces = [first[::-1], last]
    for low, high in pairwise(rings):
        faces += [[low[i], low[(i + 1) % count], high[(i + 1) % count], high[i]] for i in range(count)]
    total = 0.0
    for face in faces:
        for b, c in pairwise(face[1:]):
            total += sum(p * q for p, q in zip(face[0], _cross(b, c), strict=True))
    return total
