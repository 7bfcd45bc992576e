"""Pictures for the demo, drawn by the program itself: one drawing per kind of thing, varied by seed.

Every drawing builds a model of the thing from simple bodies and photographs it in a room of its
own: :mod:`drawings_parts` has the bodies, :mod:`drawings_room` the rooms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from PIL import Image

from marketplace.demo import (
    drawings_appliances,
    drawings_computing,
    drawings_office,
    drawings_other,
    drawings_seats,
    drawings_storage,
    drawings_tables,
    drawings_vehicles,
)
from marketplace.demo.drawings_kinds import CLASSES, HEADS, WORDS
from marketplace.demo.drawings_parts import Model
from marketplace.demo.drawings_room import Shot, photograph
from marketplace.domain.text import normalise

ANYTHING = "crate"
"""The kind for whatever has no drawing of its own."""

_DRAWINGS: Mapping[str, Callable[[Model, Random], Shot]] = {
    drawing.__name__: drawing
    for drawing in (
        drawings_computing.laptop,
        drawings_computing.desktop,
        drawings_computing.monitor,
        drawings_computing.server,
        drawings_computing.tablet,
        drawings_computing.switch,
        drawings_computing.router,
        drawings_computing.all_in_one,
        drawings_computing.portable_drive,
        drawings_office.printer,
        drawings_office.multifunction,
        drawings_office.copier,
        drawings_office.projector,
        drawings_office.projection_screen,
        drawings_office.scanner,
        drawings_office.shredder,
        drawings_office.telephone,
        drawings_office.whiteboard,
        drawings_appliances.camera,
        drawings_appliances.video_camera,
        drawings_appliances.body_camera,
        drawings_appliances.tv,
        drawings_appliances.air_conditioner,
        drawings_appliances.fridge,
        drawings_appliances.fan,
        drawings_appliances.water_dispenser,
        drawings_tables.desk,
        drawings_tables.conference_table,
        drawings_tables.tea_table,
        drawings_seats.office_chair,
        drawings_seats.meeting_chair,
        drawings_seats.sofa,
        drawings_seats.armchair,
        drawings_seats.bed,
        drawings_storage.filing_cabinet,
        drawings_storage.wardrobe,
        drawings_storage.safe,
        drawings_storage.bookcase,
        drawings_storage.shelf,
        drawings_storage.partition,
        drawings_vehicles.car,
        drawings_vehicles.suv,
        drawings_vehicles.minibus,
        drawings_vehicles.bus,
        drawings_vehicles.truck,
        drawings_vehicles.motorcycle,
        drawings_other.building,
        drawings_other.land,
        drawings_other.crate,
    )
}
KINDS = tuple(_DRAWINGS)

_ASIDE = re.compile(r"[((\[【].*?[))\]】]")
_LIST = re.compile(r"[、,,;;++/&]|及|和|与|含|配")


def draw(kind: str, seed: int, size: tuple[int, int] = (1600, 1200)) -> Image.Image:
    """A picture of a thing; the same kind, seed and size give the same picture.

    Raises:
        KeyError: ``kind`` is none of ``KINDS``.
    """
    rng = Random(f"{kind} {seed}")  # noqa: S311 - it chooses colours, not secrets
    model = Model()
    shot = _DRAWINGS[kind](model, rng)
    return photograph(model, shot, rng, size)


def kind_for(category_edition: str | None, category_code: str | None, name: str) -> str:
    """The kind of drawing that suits an asset.

    Its name says most: ``会议桌`` and ``茶几`` share a class in the table of 2013. Where the name says
    nothing, as a model number does, the class decides, always read in its own edition.
    """
    return _kind_by_name(name) or _kind_by_class(category_edition or "", category_code or "") or ANYTHING


def _kind_by_name(name: str) -> str | None:
    """The kind that the thing's own word names: the one that ends last, as ``桌`` in ``电脑桌``."""
    text = _ASIDE.sub(" ", normalise(name))
    for part in (_LIST.split(text)[0], text):
        found = [
            (part.rfind(word) + len(word), len(word), kind) for word, kind in WORDS.items() if word in part
        ]
        if found:
            return max(found)[2]
    return _kind_by_english(text)


def _kind_by_english(text: str) -> str | None:
    return next((HEADS[word] for word in re.findall(r"[a-z]+", text)[::-1] if word in HEADS), None)


def _kind_by_class(edition: str, code: str) -> str | None:
    classes = CLASSES.get(edition, {})
    return next((classes[code[:end]] for end in range(len(code), 0, -1) if code[:end] in classes), None)
