"""Picture files for tests, really encoded."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
CORNERS = {"red": (210, 40, 40), "green": (40, 170, 60), "blue": (40, 60, 200), "yellow": (220, 200, 50)}
"""Colours of the quarters of :func:`quarters`, from the upper left one, row by row."""


def quarters(width: int = 160, height: int = 120) -> Image.Image:
    """A picture whose quarters have different colours, so that every turn shows."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for at, colour in enumerate(CORNERS.values()):
        x, y = at % 2 * width // 2, at // 2 * height // 2
        draw.rectangle((x, y, x + width // 2, y + height // 2), fill=colour)
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file of a format."""
    if kind == "AVIF":
        options.setdefault("speed", 10)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(data: bytes) -> Image.Image:
    """The picture in a file, in full colour."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    """The colour at a place."""
    red, green, blue = image.convert("RGB").crop((x, y, x + 1, y + 1)).tobytes()
    return red, green, blue


def near(one: tuple[int, ...], other: tuple[int, ...], tolerance: int = 28) -> bool:
    """Whether two colours are the same but for the losses of encoding."""
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))
