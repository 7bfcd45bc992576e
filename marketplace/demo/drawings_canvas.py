"""Painting flat shapes, at twice the size where edges must be smooth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Spot = tuple[float, float]

_SOFT = 4
"""Shadows and the like are painted this much smaller than the picture: they are soft anyway."""


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with a share of ``other``, from 0 (none) to 1 (nothing else)."""
    kept = 1 - share
    return (
        round(one[0] * kept + other[0] * share),
        round(one[1] * kept + other[1] * share),
        round(one[2] * kept + other[2] * share),
    )


def lit(colour: Colour, light: float) -> Colour:
    """A colour in more (above 1) or less light; what lies in shade turns a little blue."""
    if light >= 1:
        return mix(colour, (255, 255, 255), min(light - 1, 1))
    dim = (round(colour[0] * light), round(colour[1] * light), round(colour[2] * light))
    return mix(dim, (34, 44, 66), 0.16 * (1 - light))


class Canvas:
    """A picture in the making. It is 1600 wide in its own measure, whatever its size in pixels.

    The room is painted at the picture's own size, where soft light is cheap; then the canvas is
    doubled and the thing painted on it, so that reducing it in the end smooths every edge.
    """

    width = 1600.0

    def __init__(self, size: tuple[int, int]) -> None:
        self.height = self.width * size[1] / size[0]
        self._size = size
        self._scale = size[0] / self.width
        self._image = Image.new("RGB", size)
        self._draw = ImageDraw.Draw(self._image)

    def double(self) -> None:
        """From here on paint at twice the size."""
        self._scale *= 2
        size = (self._size[0] * 2, self._size[1] * 2)
        self._image = self._image.resize(size, Image.Resampling.NEAREST)
        self._draw = ImageDraw.Draw(self._image)

    def finish(self, gloom: Image.Image) -> Image.Image:
        """The picture at its size, darkened where the small grey map ``gloom`` is bright."""
        picture = self._image.reduce(2)
        picture.paste((24, 28, 44), mask=gloom.resize(picture.size, Image.Resampling.BICUBIC))
        return picture

    def shape(self, spots: Sequence[Spot], colour: Colour) -> None:
        """A filled polygon."""
        if len(spots) > 2:
            scale = self._scale
            self._draw.polygon([(x * scale, y * scale) for x, y in spots], fill=colour)

    def faded(self, spots: Sequence[Spot], top: Colour, bottom: Colour) -> None:
        """A polygon that goes from one colour at its top to another at its bottom."""
        ys = [y for _, y in spots]
        high, low = min(ys), max(ys)
        steps = max(abs(a - b) for a, b in zip(top, bottom, strict=True))
        steps = max(1, min(steps, int((low - high) / 2)))
        rest = list(spots)
        for step in range(steps - 1):
            edge = high + (low - high) * (step + 1) / steps
            self.shape(_part(rest, edge, upper=True), mix(top, bottom, (step + 0.5) / steps))
            rest = _part(rest, edge, upper=False)
        self.shape(rest, mix(top, bottom, 1 - 0.5 / steps))

    def band(self, upper: float, lower: float, top: Colour, bottom: Colour) -> None:
        """A fade over the whole width."""
        self.faded([(0, upper), (self.width, upper), (self.width, lower), (0, lower)], top, bottom)

    def line(self, spots: Sequence[Spot], colour: Colour, width: float) -> None:
        """A stroke with round ends and joints."""
        scaled = [(x * self._scale, y * self._scale) for x, y in spots]
        thick = max(1, round(width * self._scale))
        self._draw.line(scaled, fill=colour, width=thick, joint="curve")
        if thick > 3:
            reach = thick / 2 - 0.5
            for x, y in (scaled[0], scaled[-1]):
                self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)

    def etch(self, shapes: Iterable[Sequence[Spot]], colour: Colour, strength: float) -> None:
        """Tint thin shapes with smooth edges, such as joints between tiles."""
        mask = self._mask(shapes, 2, strength)
        self._tint(mask.reduce(2), colour)

    def soft(self, shapes: Iterable[Sequence[Spot]], colour: Colour, *, blur: float, strength: float) -> None:
        """Tint softly where the shapes are: a shadow, or a patch of light.

        ``strength`` runs from 0 to 1.
        """
        mask = self._mask(shapes, 1 / _SOFT, strength)
        self._tint(mask.filter(ImageFilter.GaussianBlur(blur * self._scale / _SOFT)), colour)

    def _mask(self, shapes: Iterable[Sequence[Spot]], ratio: float, strength: float) -> Image.Image:
        """Where the shapes are, at a size in ratio to the picture's."""
        mask = Image.new("L", (math.ceil(self._size[0] * ratio), math.ceil(self._size[1] * ratio)))
        draw, scale = ImageDraw.Draw(mask), self._scale * ratio
        for spots in shapes:
            if len(spots) > 1:
                draw.polygon([(x * scale, y * scale) for x, y in spots], fill=round(255 * strength))
        return mask

    def _tint(self, mask: Image.Image, colour: Colour) -> None:
        """Paste a colour through a mask, enlarged where it is smaller than the picture."""
        ratio = math.ceil(self._size[0] / mask.width)
        box = mask.getbbox()
        if box is not None:
            left, upper, right, lower = (edge * ratio for edge in box)
            mask = mask.crop(box).resize((right - left, lower - upper), Image.Resampling.BILINEAR)
            self._image.paste(colour, (left, upper, right, lower), mask)


def _part(spots: Sequence[Spot], edge: float, *, upper: bool) -> list[Spot]:
    """The part of a polygon above, or below, a horizontal line."""
    sign = -1 if upper else 1
    kept: list[Spot] = []
    x0, y0 = spots[-1] if spots else (0.0, 0.0)
    for x1, y1 in spots:
        if (sign * (y0 - edge) >= 0) != (sign * (y1 - edge) >= 0):
            kept.append((x0 + (x1 - x0) * (edge - y0) / (y1 - y0), edge))
        if sign * (y1 - edge) >= 0:
            kept.append((x1, y1))
        x0, y0 = x1, y1
    return kept
