"""The parts that things are made of, and how each is painted.

Nothing hides anything by itself: parts are painted in the order in which they were added, so a
drawing adds what is behind, to the left and below first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from marketplace.demo.drawings_canvas import Canvas, Colour, Spot, lit
from marketplace.demo.drawings_space import (
    Frame,
    Outline,
    Point,
    View,
    brightness,
    front,
    normal,
    ring,
    rounded,
    top,
    volume,
)


class Part(ABC):
    """Something that can be painted."""

    def points(self) -> Iterable[Point]:
        """What the picture must have room for and what throws a shadow."""
        return ()

    @abstractmethod
    def paint(self, canvas: Canvas, view: View) -> None:
        """Paint it over what is there."""


@dataclass(slots=True)
class Solid(Part):
    """A body between rings of equally many points, closed at both ends."""

    rings: list[list[Point]]
    colour: Colour
    gloss: float = 0
    crisp: bool = True
    """Whether the rim of its ends catches the light."""

    def __post_init__(self) -> None:
        if volume(self.rings) < 0:
            self.rings = [ring[::-1] for ring in self.rings]

    def points(self) -> Iterable[Point]:
        """See :meth:`Part.points`."""
        return (point for ring in self.rings for point in ring)

    def paint(self, canvas: Canvas, view: View) -> None:
        """See :meth:`Part.paint`."""
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
                    yield view.mean_depth(corners), spots, self._light(corners)
        for ends, end_spots in ((self.rings[0][::-1], seen[0][::-1]), (self.rings[-1], seen[-1])):
            if view.faces(end_spots):
                yield view.mean_depth(ends), end_spots, self._light(ends)

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
        """See :meth:`Part.paint`."""
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
        """See :meth:`Part.points`."""
        return self.path if self.round_ else ()

    def paint(self, canvas: Canvas, view: View) -> None:
        """See :meth:`Part.paint`."""
        if self.facing and not view.sees(self.path[0], self.facing):
            return
        width = self.width * view.scale / view.mean_depth(self.path)
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


def _fill(canvas: Canvas, spots: list[Spot], colour: Colour, light: float) -> None:
    height = max(y for _, y in spots) - min(y for _, y in spots)
    if height < 60:
        canvas.shape(spots, lit(colour, light))
    else:
        spread = min(0.05, height / 8000)
        canvas.faded(spots, lit(colour, light + spread), lit(colour, light - 1.4 * spread))
