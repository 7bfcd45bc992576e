"""Materials and small parts that many things share."""

from __future__ import annotations

from random import Random

from marketplace.demo.drawings_canvas import Colour, lit, mix
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_space import Frame, Point, front, ring, rounded

INK: Colour = (40, 43, 49)
STEEL: Colour = (176, 181, 186)
CHROME: Colour = (206, 211, 216)
PAPER: Colour = (246, 245, 241)
RUBBER: Colour = (52, 54, 58)
GLASS: Colour = (92, 112, 124)

_WOODS: tuple[Colour, ...] = (
    (196, 158, 116),
    (168, 124, 86),
    (132, 90, 62),
    (212, 184, 148),
    (150, 112, 82),
    (108, 72, 54),
)
_FABRICS: tuple[Colour, ...] = (
    (70, 84, 104),
    (92, 98, 104),
    (122, 76, 66),
    (64, 92, 92),
    (148, 134, 116),
    (54, 56, 62),
)
_CASINGS: tuple[Colour, ...] = ((226, 227, 226), (206, 209, 211), (70, 74, 80), (236, 235, 231), (52, 55, 60))
_LACQUERS: tuple[Colour, ...] = (
    (206, 209, 210),
    (188, 194, 198),
    (214, 212, 204),
    (170, 180, 188),
    (196, 204, 200),
)
_SCREENS: tuple[tuple[Colour, Colour], ...] = (
    ((64, 118, 172), (150, 196, 222)),
    ((58, 74, 120), (204, 156, 150)),
    ((36, 96, 108), (150, 200, 180)),
    ((60, 70, 88), (128, 146, 170)),
    ((90, 130, 168), (228, 214, 190)),
)
_SPINES: tuple[Colour, ...] = (
    (128, 52, 50),
    (52, 76, 110),
    (60, 96, 84),
    (196, 178, 142),
    (92, 92, 98),
    (172, 120, 74),
    (226, 222, 212),
    (78, 62, 92),
)


def wood(rng: Random) -> Colour:
    """A tone of wood or veneer."""
    return rng.choice(_WOODS)


def fabric(rng: Random) -> Colour:
    """A tone of upholstery or leather."""
    return rng.choice(_FABRICS)


def casing(rng: Random) -> Colour:
    """A tone of office machines."""
    return rng.choice(_CASINGS)


def lacquer(rng: Random) -> Colour:
    """A tone of painted sheet steel."""
    return rng.choice(_LACQUERS)


def screen(
    model: Model, frame: Frame, corner: tuple[float, float], width: float, height: float, rng: Random
) -> None:
    """A lit display with a calm background, hills and a reflection."""
    x, z = corner
    high, low = rng.choice(_SCREENS)
    model.patch(frame, rounded(x, z, width, height), high, fade=low, glows=True)
    bright = mix(high, (255, 255, 255), 0.13), mix(low, (255, 255, 255), 0.13)
    shine = [
        (x + width * 0.42, z),
        (x + width * 0.62, z),
        (x + width * 0.94, z + height),
        (x + width * 0.74, z + height),
    ]
    model.patch(frame, shine, bright[0], fade=bright[1], glows=True)
    for share, rise in ((0.34, 0.55), (0.2, 0.35)):
        base = z + height * share
        peak, dip = x + width * rng.uniform(0.2, 0.45), x + width * rng.uniform(0.6, 0.8)
        ridge = [
            (x, base),
            (peak, base + height * rise * 0.5),
            (dip, base - height * 0.06),
            (x + width, base + height * 0.12),
        ]
        model.patch(frame, [(x, z), (x + width, z), *ridge[::-1]], mix(low, high, 0.75 - share), glows=True)


def dark_screen(model: Model, frame: Frame, corner: tuple[float, float], width: float, height: float) -> None:
    """A display that is switched off, with the room in it."""
    x, z = corner
    model.patch(frame, rounded(x, z, width, height), (30, 34, 42), fade=(18, 20, 26), glows=True)
    shine = [
        (x + width * 0.5, z),
        (x + width * 0.72, z),
        (x + width, z + height * 0.5),
        (x + width, z + height),
        (x + width * 0.86, z + height),
    ]
    model.patch(frame, shine, (46, 52, 62), fade=(36, 40, 50), glows=True)


def keys(
    model: Model,
    frame: Frame,
    corner: tuple[float, float],
    size: tuple[float, float],
    counts: tuple[int, int],
    colour: Colour,
) -> None:
    """A field of keys: columns by rows."""
    columns, rows = counts
    across, up = size[0] / columns, size[1] / rows
    for row in range(rows):
        for column in range(columns):
            x, z = corner[0] + column * across, corner[1] + row * up
            model.patch(frame, rounded(x + across * 0.09, z + up * 0.09, across * 0.82, up * 0.82), colour)


def vents(
    model: Model,
    frame: Frame,
    corner: tuple[float, float],
    size: tuple[float, float],
    count: int,
    colour: Colour,
) -> None:
    """Level slots, one above the other."""
    step = size[1] / count
    for at in range(count):
        model.patch(
            frame, rounded(corner[0], corner[1] + at * step, size[0], step * 0.45, step * 0.2), colour
        )


def lamp(model: Model, frame: Frame, x: float, z: float, radius: float, colour: Colour) -> None:
    """A small light."""
    model.patch(frame, ring(x, z, radius * 1.5, count=12), lit(colour, 0.5), glows=True)
    model.patch(frame, ring(x, z, radius, count=12), colour, glows=True)


def door(
    model: Model,
    frame: Frame,
    corner: tuple[float, float],
    width: float,
    height: float,
    colour: Colour,
    gap: float = 0.5,
) -> None:
    """A door or drawer front: a raised panel with a dark gap around it."""
    outline = rounded(corner[0], corner[1], width, height, gap)
    model.patch(frame, outline, lit(colour, 1.03), fade=lit(colour, 0.96))
    model.seam(frame, outline, gap, lit(colour, 0.62))


def handle(model: Model, corner: Point, width: float, height: float, colour: Colour = STEEL) -> None:
    """A bar that stands out from a front."""
    x, y, z = corner
    model.slab((x, y - 2, z), width, 1.6, height, colour, radius=min(width, height) / 2.2, gloss=0.3)


def castor(model: Model, x: float, y: float, radius: float) -> None:
    """A small wheel under a thing, seen from the side."""
    model.extrude(front(0), ring(x, radius, radius, count=14), -y - radius * 0.8, -y, RUBBER, crisp=False)


def books(model: Model, start: Point, width: float, depth: float, height: float, rng: Random) -> None:
    """A row of books, the last ones leaning or missing."""
    x, y, z = start
    end = x + width * rng.uniform(0.62, 1)
    while True:
        thick = rng.uniform(2.2, 5)
        if x + thick > end:
            return
        tall = height * rng.uniform(0.68, 0.95)
        colour = rng.choice(_SPINES)
        model.box((x, y + rng.uniform(0, 2), z), thick, depth, tall, colour)
        model.patch(
            front(y),
            rounded(x + thick * 0.2, z + tall * 0.68, thick * 0.6, tall * 0.16),
            mix(colour, PAPER, 0.6),
        )
        x += thick + 0.15


def wear(
    model: Model,
    frame: Frame,
    corner: tuple[float, float],
    size: tuple[float, float],
    colour: Colour,
    rng: Random,
) -> None:
    """The small scratches and rubbed spots of years of use; some things have none."""
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        x, z = corner[0] + rng.random() * size[0] * 0.9, corner[1] + rng.random() * size[1] * 0.9
        length = min(size) * rng.uniform(0.03, 0.09)
        path = [(x, z), (x + length, z + length * rng.uniform(-0.5, 0.6))]
        model.mark(frame, path, min(size) * 0.004, lit(colour, rng.choice((0.8, 0.86, 1.14))))
