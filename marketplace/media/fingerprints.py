"""A perceptual hash: pictures that look alike get numbers that differ in few bits.

The hash is taken from the slowest waves of the picture's brightness (a discrete cosine transform of
a 32 × 32 reduction), so it survives re-encoding, resizing and a change of exposure. The waves that
run straight across or down are left out: a wall above a floor is in every picture of an office.
"""

from __future__ import annotations

import math
from statistics import median

from PIL import Image

NEAR = 6
"""Fingerprints that differ in at most this many of the 64 bits show the same picture."""

_SIDE = 32
_WAVES = 8
_COSINES = tuple(
    tuple(math.cos(math.pi * wave * (2 * at + 1) / (2 * _SIDE)) for at in range(_SIDE))
    for wave in range(1, _WAVES + 1)
)


def fingerprint(image: Image.Image) -> int:
    """64 bits as a signed integer, the shape in which a database keeps them."""
    reduced = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    pixels = reduced.tobytes()
    rows = [pixels[start : start + _SIDE] for start in range(0, len(pixels), _SIDE)]
    across = [[_dot(row, wave) for row in rows] for wave in _COSINES]
    # Rounded, because a flat surface has no waves and their rounding errors are no bits of a picture.
    strengths = [round(_dot(column, wave), 3) for wave in _COSINES for column in across]
    middle = median(strengths)
    bits = sum(1 << place for place, strength in enumerate(strengths) if strength > middle)
    return bits - (1 << 64) if bits >> 63 else bits


def distance(one: int, other: int) -> int:
    """In how many bits two fingerprints differ; the SQL twin stands in ``use_cases.photos``."""
    return ((one ^ other) & (1 << 64) - 1).bit_count()


def _dot(values: bytes | list[float], wave: tuple[float, ...]) -> float:
    return sum(value * height for value, height in zip(values, wave, strict=True))
