"""Distances between places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.places import distance_km

PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("place", "km"),
    [((31.23, 121.47), 0.0), ((39.90, 116.40), 1068.0), ((-31.23, -58.53), 20_015.0)],
)
def test_distances_of_known_places(place: tuple[float, float], km: float) -> None:
    """Shanghai to itself, to Beijing, and to the other side of the earth."""
    assert distance_km((31.23, 121.47), place) == pytest.approx(km, abs=1.0)


@given(PLACES, PLACES)
def test_it_is_as_far_back_and_never_further_than_half_way_round(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    assert distance_km(one, other) == pytest.approx(distance_km(other, one), abs=1e-6)
    assert 0 <= distance_km(one, other) <= 20_015.1
