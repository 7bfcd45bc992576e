"""A small space of solid things, seen through a camera. Lengths in centimetres.

``x`` runs to the right, ``y`` away from the viewer, ``z`` up; a thing's front looks towards smaller
``y``. Nothing hides anything by itself: parts are painted in the order in which they were added, so
a drawing adds what is behind, to the left and below first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from marketplace.demo.drawings_canvas import Canvas, Colour, Spot, lit

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


@dataclass(frozen=True, slots=True)
class View:
    """A camera on the level at ``eye``, turned by ``yaw``, so that upright edges stay upright."""

    yaw: float
    """Radians; the viewer stands to the right of the thing's front."""
    distance: float
    eye: float
    centre: Spot
    scale: float = 1
    shift: Spot = (0, 0)
    mirrored: bool = False

    def depth(self, point: Point) -> float:
        """How far away a point is."""
        x, y = point[0] - self.centre[0], point[1] - self.centre[1]
        return self.distance - x * math.sin(self.yaw) + y * math.cos(self.yaw)

    def spot(self, point: Point) -> Spot:
        """Where a point stands in the picture."""
        x, y = point[0] - self.centre[0], point[1] - self.centre[1]
        sine, cosine = math.sin(self.yaw), math.cos(self.yaw)
        ratio = self.scale / (self.distance - x * sine + y * cosine)
        across = (x * cosine + y * sine) * ratio
        return (
            (-across if self.mirrored else across) + self.shift[0],
            (self.eye - point[2]) * ratio + self.shift[1],
        )

    def faces(self, spots: Sequence[Spot]) -> bool:
        """Whether a polygon that runs counter-clockwise in space shows its front."""
        doubled = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise((*spots, spots[0])))
        return (doubled > 0) == self.mirrored if abs(doubled) > 1e-9 else False


class Part:
    """Something that can be painted."""

    def points(self) -> Iterable[Point]:
        """What the picture must have room for and what throws a shadow."""
        return ()

    def paint(self, canvas: Canvas, view: View) -> None:
        """Paint it over what is there."""
        raise NotImplementedError


@dataclass(slots=True)
class Solid(Part):
    """A body between rings of equally many points, closed at both ends."""

    rings: list[list[Point]]
    colour: Colour
    gloss: float = 0
    crisp: bool = True
    """Whether the rim of its ends catches the light."""

    def __post_init__(self) -> None:
        if _volume(self.rings) < 0:
            self.rings = [ring[::-1] for ring in self.rings]

    def points(self) -> Iterable[Point]:
        return (point for ring in self.rings for point in ring)

    def paint(self, canvas: Canvas, view: View) -> None:
        faces = sorted(self._faces(view), key=lambda face: -face[0])
        for _, spots, light in faces:
            _fill(canvas, spots, self.colour, light)
        if self.crisp:
            self._rim(canvas, view)

    def _faces(self, view: View) -> Iterator[tuple[float, list[Spot], float]]:
        seen = [[view.spot(point) for point in ring] for ring in self.rings]
        count = len(self.rings[0])
        for (low, high), (low_spots, high_spots) in zip(pairwise(self.rings), pairwise(seen), strict=True):
            for at in range(count):
                after = (at + 1) % count
                spots = [low_spots[at], low_spots[after], high_spots[after], high_spots[at]]
                if view.faces(spots):
                    corners = (low[at], low[after], high[after], high[at])
                    yield _mean_depth(view, corners), spots, self._light(corners)
        for ends, end_spots in ((self.rings[0][::-1], seen[0][::-1]), (self.rings[-1], seen[-1])):
            if view.faces(end_spots):
                yield _mean_depth(view, ends), end_spots, self._light(ends)

    def _light(self, points: Sequence[Point]) -> float:
        return brightness(normal(points), self.gloss)

    def _rim(self, canvas: Canvas, view: View) -> None:
        for end, towards in ((self.rings[0][::-1], self.rings[1][::-1]), (self.rings[-1], self.rings[-2])):
            spots = [view.spot(point) for point in end]
            if len(end) > 40 or not view.faces(spots):
                continue
            light = brightness(normal(end), self.gloss)
            for at, spot in enumerate(spots):
                after = (at + 1) % len(spots)
                beyond = [spot, view.spot(towards[at]), view.spot(towards[after]), spots[after]]
                if view.faces(beyond):
                    canvas.line([spot, spots[after]], lit(self.colour, min(light + 0.16, 1.28)), 1)


@dataclass(slots=True)
class Flat(Part):
    """A flat shape on something, seen from its front only."""

    corners: list[Point]
    colour: Colour
    fade: Colour | None = None
    """The colour at the bottom, when it differs."""
    glows: bool = False
    """Whether it has light of its own, like a screen."""

    def paint(self, canvas: Canvas, view: View) -> None:
        spots = [view.spot(point) for point in self.corners]
        if not view.faces(spots):
            return
        light = 1 if self.glows else brightness(normal(self.corners))
        if self.fade is None:
            _fill(canvas, spots, self.colour, light)
        else:
            canvas.faded(spots, lit(self.colour, light), lit(self.fade, light))


@dataclass(slots=True)
class Stroke(Part):
    """A line in space: a rod, a cable, a seam. ``width`` in centimetres."""

    path: list[Point]
    colour: Colour
    width: float
    round_: bool = False
    """Whether it is a rod with light and shade, not a mark."""
    facing: Point | None = None
    """The front of the face that it is drawn on; hidden with it."""

    def points(self) -> Iterable[Point]:
        return self.path if self.round_ else ()

    def paint(self, canvas: Canvas, view: View) -> None:
        if self.facing and not _turned_to(view, self.path[0], self.facing):
            return
        width = self.width * view.scale / _mean_depth(view, self.path)
        spots = [view.spot(point) for point in self.path]
        light = brightness(self.facing) if self.facing else 1.0
        canvas.line(spots, lit(self.colour, light * (0.62 if self.round_ else 1)), width)
        if self.round_:
            canvas.line(
                [(x - width * 0.1, y - width * 0.06) for x, y in spots], lit(self.colour, 0.88), width * 0.62
            )
            canvas.line(
                [(x - width * 0.2, y - width * 0.1) for x, y in spots], lit(self.colour, 1.14), width * 0.2
            )


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


@dataclass(slots=True)
class Model:
    """A thing made of parts."""

    parts: list[Part] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Put a part before those already there."""
        self.parts.append(part)

    def extrude(
        self,
        frame: Frame,
        outline: Outline,
        back: float,
        front: float,
        colour: Colour,
        *,
        gloss: float = 0,
        crisp: bool = True,
    ) -> None:
        """A body with the given outline, from ``back`` to ``front`` of a plane."""
        self.add(Solid([frame.all(outline, back), frame.all(outline, front)], colour, gloss, crisp))

    def box(
        self,
        corner: Point,
        width: float,
        depth: float,
        height: float,
        colour: Colour,
        *,
        radius: float = 0,
        gloss: float = 0,
    ) -> None:
        """A box from its lower left front corner; ``radius`` rounds the upright edges."""
        x, y, z = corner
        self.extrude(top(0), rounded(x, y, width, depth, radius), z, z + height, colour, gloss=gloss)

    def slab(
        self,
        corner: Point,
        width: float,
        depth: float,
        height: float,
        colour: Colour,
        *,
        radius: float = 0,
        gloss: float = 0,
    ) -> None:
        """A box whose front is a rectangle with rounded corners."""
        x, y, z = corner
        self.extrude(front(0), rounded(x, z, width, height, radius), -y - depth, -y, colour, gloss=gloss)

    def turned(
        self,
        x: float,
        y: float,
        profile: Sequence[Spot],
        colour: Colour,
        *,
        gloss: float = 0,
        count: int = 32,
    ) -> None:
        """A body turned on a lathe about an upright axis, by (radius, height) from the bottom up."""
        rings = [[(a, b, height) for a, b in ring(x, y, radius, count=count)] for radius, height in profile]
        self.add(Solid(rings, colour, gloss, crisp=False))

    def loft(self, rings: list[list[Point]], colour: Colour, *, gloss: float = 0) -> None:
        """A body that changes its shape from ring to ring."""
        self.add(Solid(rings, colour, gloss, crisp=False))

    def rod(self, path: Sequence[Point], width: float, colour: Colour) -> None:
        """A round bar or cable along a path."""
        self.add(Stroke(list(path), colour, width, round_=True))

    def patch(
        self,
        frame: Frame,
        outline: Outline,
        colour: Colour,
        *,
        fade: Colour | None = None,
        glows: bool = False,
    ) -> None:
        """A flat shape on a plane."""
        self.add(Flat(frame.all(outline), colour, fade, glows))

    def seam(self, frame: Frame, outline: Outline, width: float, colour: Colour) -> None:
        """A closed line drawn on a plane."""
        self.mark(frame, [*outline, outline[0]], width, colour)

    def mark(self, frame: Frame, path: Outline, width: float, colour: Colour) -> None:
        """A line drawn on a plane."""
        self.add(Stroke(frame.all(path), colour, width, facing=frame.front))


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


def _fill(canvas: Canvas, spots: list[Spot], colour: Colour, light: float) -> None:
    height = max(y for _, y in spots) - min(y for _, y in spots)
    if height < 60:
        canvas.shape(spots, lit(colour, light))
    else:
        spread = min(0.05, height / 8000)
        canvas.faded(spots, lit(colour, light + spread), lit(colour, light - 1.4 * spread))


def _mean_depth(view: View, points: Sequence[Point]) -> float:
    return sum(view.depth(point) for point in points) / len(points)


def _turned_to(view: View, point: Point, direction: Point) -> bool:
    eye_x = view.centre[0] + view.distance * math.sin(view.yaw)
    eye_y = view.centre[1] - view.distance * math.cos(view.yaw)
    ray = (eye_x - point[0], eye_y - point[1], view.eye - point[2])
    return sum(a * b for a, b in zip(ray, direction, strict=True)) > 0


def _turn(a: Spot, b: Spot, c: Spot) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(a: Point, b: Point) -> Point:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _volume(rings: list[list[Point]]) -> float:
    """Signed; positive when the sides look outwards."""
    first, last, count = rings[0], rings[-1], len(rings[0])
    faces = [first[::-1], last]
    for low, high in pairwise(rings):
        faces += [[low[i], low[(i + 1) % count], high[(i + 1) % count], high[i]] for i in range(count)]
    total = 0.0
    for face in faces:
        for b, c in pairwise(face[1:]):
            total += sum(p * q for p, q in zip(face[0], _cross(b, c), strict=True))
    return total
