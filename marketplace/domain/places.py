"""Where things are, and how far that is."""

from __future__ import annotations

import math
from functools import lru_cache

Place = tuple[float, float]
"""Latitude and longitude in degrees."""

EARTH_KM = 6371.0
"""Radius of the sphere that distances are measured on; the search engine takes the same one."""


@lru_cache(50_000)
def distance_km(origin: Place, place: Place) -> float:
    """Great-circle distance in kilometres."""
    lat1, lng1, lat2, lng2 = map(math.radians, (*origin, *place))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lng2 - lng1) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
