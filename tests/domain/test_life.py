"""The line of an asset's life: how it began, what it is now, what comes next."""

import datetime as dt

import pytest

from marketplace.domain.life import Change, Progress, line_of_life
from marketplace.domain.states import AssetState

BOUGHT = dt.date(2019, 5, 12)
NOON = dt.datetime(2026, 9, 1, 4, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(days=3)


def shape(state: AssetState, *changes: Change, may_be_listed: bool = True) -> list[tuple[str, Progress]]:
    line = line_of_life(state, BOUGHT, changes, may_be_listed=may_be_listed)
    return [(step.label, step.progress) for step in line]


def test_a_new_card_is_in_use_since_it_was_acquired() -> None:
    first, following = line_of_life(AssetState.IN_USE, BOUGHT, [])
    assert (first.label, first.progress, first.since) == ("在用", Progress.NOW, BOUGHT)
    assert (following.label, following.progress, following.since) == ("入仓", Progress.TODO, None)


def test_every_change_is_a_step_with_its_moment() -> None:
    changes = [Change(NOON, AssetState.LISTED), Change(LATER, AssetState.IN_USE)]
    line = line_of_life(AssetState.IN_USE, BOUGHT, changes)
    assert [(step.label, step.since) for step in line] == [
        ("在用", BOUGHT),
        ("在仓", NOON),
        ("在用", LATER),
        ("入仓", None),
    ]
    assert [step.progress for step in line] == [Progress.DONE, Progress.DONE, Progress.NOW, Progress.TODO]


def test_a_long_life_keeps_its_beginning_and_its_latest_steps() -> None:
    changes = [Change(NOON, state) for _ in range(5) for state in (AssetState.LISTED, AssetState.IN_USE)]
    assert [label for label, _ in shape(AssetState.IN_USE, *changes)] == [
        "在用",
        "在用",
        "在仓",
        "在用",
        "入仓",
    ]


def test_a_state_that_nobody_recorded_is_shown_without_a_moment() -> None:
    line = line_of_life(AssetState.LISTED, BOUGHT, [])
    assert [(step.label, step.since) for step in line] == [
        ("在用", BOUGHT),
        ("在仓", None),
        ("调剂或借用", None),
    ]


@pytest.mark.parametrize(
    "state", [AssetState.SOLD, AssetState.DONATED, AssetState.SCRAPPED, AssetState.CLOSED]
)
def test_a_settled_asset_has_nothing_before_it(state: AssetState) -> None:
    assert shape(state, Change(NOON, state))[-1][1] is Progress.FINAL


def test_a_classified_asset_is_never_offered() -> None:
    assert shape(AssetState.IN_USE, may_be_listed=False) == [("在用", Progress.NOW)]
