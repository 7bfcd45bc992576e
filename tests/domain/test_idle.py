"""Policies and reasons as they are typed; events and numbers."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from marketplace.domain.errors import Invalid
from marketplace.domain.events import EventDetails, read_event, read_numbers
from marketplace.domain.idle import NUMBERS, IdlePolicy, OnSilence, plain, policy_of, read_policy, read_reason

TYPED = {name: str(value) for name, value in plain(IdlePolicy()).items()}


def test_a_policy_is_read_as_it_was_typed() -> None:
    given = TYPED | {"category": "2022:A02000000", "days_unused": " 90 ", "on_silence": "wait"}
    assert read_policy(given) == IdlePolicy("2022:A02000000", days_unused=90, on_silence=OnSilence.WAIT)


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.name)
def test_every_number_has_its_bounds(one: dataclasses.Field[int]) -> None:
    low, high = one.metadata["low"], one.metadata["high"]
    for value in (low, high):
        assert getattr(read_policy(TYPED | {one.name: str(value)}), one.name) == value
    for wrong in (str(low - 1), str(high + 1), "", "1.5", "十"):
        with pytest.raises(Invalid) as refused:
            read_policy(TYPED | {one.name: wrong})
        assert [place.field for place in refused.value.fields] == [one.name]


def test_the_nearest_class_above_has_the_say() -> None:
    policies = [
        IdlePolicy(days_unused=1),
        IdlePolicy("2022:A02", days_unused=2),
        IdlePolicy("2022:A0201", days_unused=3),
    ]
    assert policy_of(policies, "2022", ["A02", "A0201", "A020101"]).days_unused == 3
    assert policy_of(policies, "2022", ["A02", "A0202"]).days_unused == 2
    assert policy_of(policies, "2013", ["A02", "A0201"]).days_unused == 1, "codes change meaning"
    assert policy_of([], "2022", ["A02"]) == IdlePolicy()


@pytest.mark.parametrize("reason", ["", "急", "x" * 501])
def test_a_reason_says_something(reason: str) -> None:
    with pytest.raises(Invalid):
        read_reason(reason)


def test_an_event_is_read_as_it_was_typed() -> None:
    given = {"name": " 省运会 ", "ends_on": "2026年9月1日", "basis": ""}
    assert read_event(given) == EventDetails("省运会", dt.date(2026, 9, 1))
    with pytest.raises(Invalid) as refused:
        read_event({"name": "", "ends_on": "明天"})
    assert {place.field for place in refused.value.fields} == {"name", "ends_on"}


def test_numbers_are_told_apart_however_they_are_separated() -> None:
    assert read_numbers("A1\nA2， A3、A1;A4") == ["A1", "A2", "A3", "A4"]
    for wrong in ("", " \n", " ".join(map(str, range(501)))):
        with pytest.raises(Invalid):
            read_numbers(wrong)
