"""What the index is told about documents: which fields are searched, filtered and sorted, and how."""

from __future__ import annotations

from typing import Any

import orjson

from search.engine import Engine, EngineRefused

WORD_FIELDS = (
    *("name", "aliases", "category_name", "brand", "model", "number", "serial_number"),
    *("chars", "pinyin", "initials", "parts"),
)
"""Where the words of a search are looked for, best first."""
PLACE_FIELDS = ("unit_name", "region_name", "location", "place")
"""Looked into only when the words are not found otherwise: 办公桌 shall not find a chair that stands
in an 办公室."""

_CHINESE = ("name", "aliases", "category_name", "brand", "model", "number", "serial_number", "chars")
_EXACT = ("model", "number", "serial_number", "initials", "parts")
"""No typos here: T470 is not T480. Words of a model without a digit stand in ``pinyin`` as well."""
_EQUAL = (
    *("listed", "audience", "unit_id", "unit_path", "unit_codes", "category_path", "region_code"),
    *("condition", "state", "modes", "year", "value_band", "facets", "name"),
)
_ORDERED = ("id", "original_value", "listed_at", "created", "name_order")
INDEXED = tuple(dict.fromkeys((*WORD_FIELDS, *PLACE_FIELDS, *_EQUAL, *_ORDERED, "photo_count", "_geo")))
"""All that can be searched, filtered or sorted by."""
MARKED = ("name", "number", "brand", "model", "aliases")
"""What comes with marks around the words that matched."""

SETTINGS: dict[str, Any] = {
    "displayedAttributes": sorted(["id", "hash", "card", *MARKED]),
    "searchableAttributes": [*WORD_FIELDS, *PLACE_FIELDS],
    "filterableAttributes": [
        "_geo",
        {
            "attributePatterns": list(_EQUAL),
            "features": {"facetSearch": False, "filter": {"equality": True, "comparison": False}},
        },
        {
            "attributePatterns": [*_ORDERED, "photo_count"],
            "features": {"facetSearch": False, "filter": {"equality": True, "comparison": True}},
        },
    ],
    "sortableAttributes": sorted(_ORDERED),
    # An order that was asked for comes before relevance; the id makes every order total.
    "rankingRules": ["sort", "words", "typo", "proximity", "attribute", "exactness", "id:asc"],
    "stopWords": ["的"],
    "nonSeparatorTokens": [],
    "separatorTokens": [],
    "dictionary": [],
    "synonyms": {},
    "distinctAttribute": None,
    "proximityPrecision": "byWord",
    "typoTolerance": {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 8},
        "disableOnWords": [],
        "disableOnAttributes": sorted(_EXACT),
        "disableOnNumbers": True,
    },
    "faceting": {"maxValuesPerFacet": 100_000, "sortFacetValuesBy": {"*": "alpha"}},
    "pagination": {"maxTotalHits": 1_000_000_000},
    "searchCutoffMs": None,
    "localizedAttributes": [
        {"attributePatterns": [*_CHINESE, *PLACE_FIELDS], "locales": ["cmn"]},
        {"attributePatterns": ["pinyin", "initials", "parts"], "locales": ["eng"]},
    ],
    "facetSearch": False,
    "prefixSearch": "indexingTime",
}


def exists(engine: Engine, index: str) -> bool:
    """Whether there is such an index."""
    try:
        engine.call("GET", f"/indexes/{index}")
    except EngineRefused as error:
        if error.code == "index_not_found":
            return False
        raise
    return True


def create(engine: Engine, index: str) -> None:
    """Make an empty index with this release's settings; one that another process made meanwhile is kept."""
    task = engine.call("POST", "/indexes", {"uid": index, "primaryKey": "id"})
    try:
        engine.wait(task)
    except EngineRefused as error:
        if error.code != "index_already_exists":
            raise
    engine.wait(engine.call("PATCH", f"/indexes/{index}/settings", SETTINGS))
    _introduce_fields(engine, index)


def _introduce_fields(engine: Engine, index: str) -> None:
    """Have the engine know every field: it refuses to search one that no document ever had."""
    blank = dict.fromkeys(INDEXED) | {"id": _NO_ASSET}
    tasks = [engine.put_documents(index, [orjson.dumps(blank)]), engine.delete_documents(index, [_NO_ASSET])]
    for task in tasks:
        engine.wait(task)


_NO_ASSET = 0
"""No asset has this id."""


def refit(engine: Engine, index: str) -> None:
    """Give an index the settings of this release, in the background; it stays searchable meanwhile."""
    engine.call("PATCH", f"/indexes/{index}/settings", SETTINGS)


def drop(engine: Engine, index: str) -> None:
    """Remove an index, if there is one."""
    try:
        engine.wait(engine.call("DELETE", f"/indexes/{index}"))
    except EngineRefused as error:
        if error.code != "index_not_found":
            raise


def is_current(engine: Engine, index: str) -> bool:
    """Whether an index has exactly the settings of this release."""
    found = engine.call("GET", f"/indexes/{index}/settings")
    return _has(found, SETTINGS)


def _has(found: Any, wanted: Any) -> bool:
    """Whether the settings contain what is wanted; a newer engine may know more of them."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_has(found.get(name), inner) for name, inner in wanted.items())
    return bool(found == wanted)
