"""Pictures that look alike get fingerprints that are near each other."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image, ImageEnhance

from marketplace.demo.drawings import draw
from marketplace.media.fingerprints import NEAR, distance, fingerprint
from marketplace.media.images import prepare
from tests.media.pictures import FORMATS, encoded

SIZE = (800, 600)
KINDS = ("laptop", "office_chair", "sofa", "car", "printer", "bookcase", "water_dispenser", "building")
DRAWINGS = {kind: draw(kind, 3, SIZE) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_what_happens_to_photos(kind: str) -> None:
    original = DRAWINGS[kind]
    changed = {
        "smaller": original.resize((320, 240)),
        "larger": original.resize((1000, 750)),
        "brighter": ImageEnhance.Brightness(original).enhance(1.12),
        "flatter": ImageEnhance.Contrast(original).enhance(0.85),
        "paler": ImageEnhance.Color(original).enhance(0.4),
    }
    there = fingerprint(original)
    apart = {name: distance(there, fingerprint(image)) for name, image in changed.items()}
    assert max(apart.values()) <= NEAR, apart


@pytest.mark.parametrize("form", FORMATS)
def test_it_survives_encoding(form: str) -> None:
    original = DRAWINGS["printer"]
    poor = {"quality": 45} if form != "PNG" else {}
    kept = prepare(encoded(original, form, **poor))
    assert distance(kept.fingerprint, fingerprint(original)) <= NEAR


def test_different_things_are_far_apart() -> None:
    prints = {kind: fingerprint(image) for kind, image in DRAWINGS.items()}
    for one, other in itertools.combinations(KINDS, 2):
        assert distance(prints[one], prints[other]) > NEAR, (one, other)


def test_it_fits_the_database() -> None:
    for image in (*DRAWINGS.values(), Image.new("L", (9, 9)), Image.radial_gradient("L")):
        assert -(1 << 63) <= fingerprint(image) < 1 << 63


def test_a_flat_surface_has_no_waves() -> None:
    assert {fingerprint(Image.new("RGB", (50, 40), tone)) for tone in ("black", "grey", "white")} == {0}


def test_distance_counts_bits_across_the_sign() -> None:
    assert distance(-1, 0) == 64
    assert distance(-(1 << 63), 0) == 1
    assert distance(5, 6) == 2
    assert distance(-7, -7) == 0
