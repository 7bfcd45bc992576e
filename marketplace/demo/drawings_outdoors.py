"""What is behind vehicles and buildings, out of focus."""

from __future__ import annotations

from random import Random

from marketplace.demo.drawings_canvas import Canvas, Colour, Spot, lit
from marketplace.demo.drawings_space import View

_SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((186, 208, 226), (236, 240, 238)),
    ((205, 217, 224), (240, 238, 230)),
    ((172, 203, 229), (230, 238, 242)),
)
_PLASTERS: tuple[Colour, ...] = ((226, 221, 211), (210, 216, 219), (230, 225, 217), (208, 202, 195))
_PANE: Colour = (142, 164, 180)
_GLINT: Colour = (228, 236, 240)
_LEAVES: tuple[tuple[Colour, float], ...] = (((176, 196, 178), 1.0), ((148, 174, 148), 0.62))
"""Tone and height of the farther and the nearer row of trees."""


def sky(canvas: Canvas, edge: float, rng: Random) -> None:
    """A bright sky with some thin clouds."""
    canvas.band(0, edge, *rng.choice(_SKIES))
    clouds = []
    for _ in range(3):
        x, y = rng.uniform(0, 1) * canvas.width, rng.uniform(0.04, 0.22) * canvas.height
        width, height = rng.uniform(180, 380), rng.uniform(16, 34)
        clouds.append([(x - width, y), (x, y - height), (x + width, y), (x, y + height)])
    canvas.soft(clouds, (255, 255, 255), blur=30, strength=0.75)


def trees(canvas: Canvas, edge: float, rng: Random, *, height: tuple[float, float]) -> None:
    """Two rows of trees, their height as a share of the picture's."""
    for tone, rise in _LEAVES:
        crowns: list[list[Spot]] = []
        x = -60.0
        while x < canvas.width + 60:
            radius, tall = rng.uniform(50, 130), rng.uniform(*height) * rise * canvas.height
            shoulder = edge - tall * 0.7
            crowns.append(
                [
                    (x - radius, edge + 4),
                    (x - radius * 0.9, shoulder),
                    (x, edge - tall),
                    (x + radius * 0.9, shoulder),
                    (x + radius, edge + 4),
                ]
            )
            x += radius * rng.uniform(0.8, 1.3)
        canvas.soft(crowns, tone, blur=9, strength=0.9)


def facade(canvas: Canvas, edge: float, rng: Random) -> None:
    """The wall of an office building with a row of windows."""
    wall = rng.choice(_PLASTERS)
    canvas.band(0, edge, lit(wall, 1.03), lit(wall, 0.94))
    canvas.band(edge - 70, edge, lit(wall, 0.86), lit(wall, 0.82))
    start, upper, lower = rng.uniform(-200, 0), edge - 520, edge - 170
    places = [start + 280 * at for at in range(int((canvas.width - start) / 280) + 1)]
    panes = [[(x, upper), (x + 190, upper), (x + 190, lower), (x, lower)] for x in places]
    canvas.soft(panes, _PANE, blur=5, strength=0.85)
    glints = [[(x + 24, upper), (x + 94, upper), (x + 50, lower), (x + 4, lower)] for x in places]
    canvas.soft(glints, _GLINT, blur=10, strength=0.4)


def bay(canvas: Canvas, view: View, edge: float) -> None:
    """The painted lines of the bay in which a vehicle stands."""
    rays = view.rays(canvas.width, canvas.height, edge, view.distance * 0.27)
    middle = len(rays) // 2
    lines = [
        [(far - 3, edge + 6), (far + 3, edge + 6), (near + 9, canvas.height), (near - 9, canvas.height)]
        for far, near in (rays[middle - 1], rays[middle + 1])
    ]
    canvas.etch(lines, (255, 255, 255), 0.6)
