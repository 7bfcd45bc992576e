"""Numbers of which thousands begin alike: whatever part of one is typed, all that have it are found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.domain.finding import Wish
from marketplace.domain.states import AssetState
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.search.conftest import EVERYTHING, Stocked

NUMBERS = [
    *(f"H2-{n:04d}-{n * 7919 % 9000 + 1000}" for n in range(1_500)),
    *(f"YC1090120{n % 9 + 18}{n:08d}" for n in range(1_200)),
]
MODELS = [f"{series}{n:03d}dn" for series in ("M", "Pro-X", "T") for n in range(800)]


def stock(session: Session) -> dict[int, tuple[str, str]]:
    """What is written on each card, by id."""
    holder = factories.unit(session)
    same = {"unit_id": holder.id, "name": "椅子", "state": AssetState.IN_USE, "created_at": NOW}
    same |= {"original_value": Decimal(1), "updated_at": NOW}
    rows = [same | {"number": number, "model": MODELS[at % len(MODELS)]} for at, number in enumerate(NUMBERS)]
    made = session.scalars(insert(Asset).returning(Asset.id, sort_by_parameter_order=True), rows)
    return {asset_id: (row["number"], row["model"]) for asset_id, row in zip(made, rows, strict=True)}


def plain(text: str) -> str:
    return re.sub("[^a-z0-9]", "", text.lower())


def missed(stocked: Stocked, typed: str, having: Iterable[int]) -> set[int]:
    """Cards that ought to be found and are not; something is wrong with the test where there are none."""
    wanted = set(having)
    assert wanted, typed
    wish = Wish(q=typed, listed=False)
    return wanted - {one for some in stocked.finder.ids(wish, EVERYTHING) for one in some}


@pytest.mark.parametrize("number", [NUMBERS[0], NUMBERS[1_300], NUMBERS[-1]])
def test_every_beginning_of_a_number(stocked: Stocked, number: str) -> None:
    for end in range(2, len(number) + 1):
        typed = number[:end]
        begin = {one for one, (its, _) in stocked.made.items() if its.startswith(typed)}
        assert missed(stocked, typed, begin) == set(), typed


@pytest.mark.parametrize("part", ["901", "0120", "12025", "0120180", "2018000", "00007", "0000007", "H20"])
def test_every_part_of_a_number(stocked: Stocked, part: str) -> None:
    having = {one for one, (its, _) in stocked.made.items() if part in plain(its).upper()}
    assert missed(stocked, part, having) == set()


@pytest.mark.parametrize("part", ["00", "10", "9", "h", "YC"])
def test_short_parts_between_punctuation_letters_and_digits(stocked: Stocked, part: str) -> None:
    at_border = re.compile(rf"(?:^|-|(?<=[A-Z])(?=\d)|(?<=\d)(?=[A-Z])){part}", re.IGNORECASE)
    having = {one for one, (its, _) in stocked.made.items() if at_border.search(its)}
    assert missed(stocked, part, having) == set()


@pytest.mark.parametrize(
    "part", ["m0", "m04", "pro", "pro-x1", "prox", "x70", "70", "04", "4dn", "dn", "40dn"]
)
def test_every_part_of_a_model(stocked: Stocked, part: str) -> None:
    having = {one for one, (_, its) in stocked.made.items() if plain(part) in plain(its)}
    assert missed(stocked, part, having) == set()


def test_no_more_than_what_has_the_part(stocked: Stocked) -> None:
    finder: MeiliFinder = stocked.finder
    for typed in ("0120180", "yc10901202", "4dn"):
        having = [one for one, both in stocked.made.items() if any(typed in plain(text) for text in both)]
        assert finder.find(Wish(q=typed, listed=False), EVERYTHING).total == len(having)
