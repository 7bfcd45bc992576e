"""Addresses of searches: short, always the same for the same search, and complete."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from marketplace.edge.redirects import parts_of

ORDER = (
    *("q", "mode", "state", "category", "condition", "region", "within_km", "unit"),
    *("min_value", "max_value", "year", "has_photo", "listed", "sort", "view"),
)
"""Parameters in the order in which an address names them; others follow."""
PAGING = frozenset({"cursor", "shown"})
"""Where one is within a result; a changed search starts over."""
USUAL = {"sort": "relevance", "view": "cards", "within_km": "0", "has_photo": "0"}
"""Values that go without saying."""
WHOLE = frozenset({"q", "min_value", "max_value"})
"""Parameters with one text, in which a comma is just a comma."""
VIEW = ("q", "listed", "sort", "view")
"""What stays when all filters are cleared."""

Args = MultiDict[str, str]


def values_of(args: Args, name: str) -> list[str]:
    """The values of one filter, whether repeated or separated by commas."""
    texts = [args[name]] if name in WHOLE and name in args else args.getlist(name)
    words = texts if name in WHOLE else [word for text in texts for word in text.split(",")]
    return list(dict.fromkeys(word.strip() for word in words if word.strip()))


def address_with(args: Args, **changes: str | int | None) -> str:
    """The address of this search with some parameters set or (None) left out; paging starts over."""
    kept = {name: ",".join(values_of(args, name)) for name in args if name not in PAGING}
    kept |= {name: str(value or "") for name, value in changes.items()}
    said = {name: text for name, text in kept.items() if text and text != USUAL.get(name)}
    names = [*(name for name in ORDER if name in said), *(name for name in said if name not in ORDER)]
    # Commas and colons are allowed in a query, and readable.
    query = urlencode([(name, said[name]) for name in names], safe=",:")
    return f"{request.path}?{query}" if query else request.path


def cleared_address(args: Args) -> str:
    """The address without any filter."""
    return address_with(args, **{name: None for name in args if name not in VIEW})


def toggled(args: Args, name: str, value: str) -> str:
    """The address with a value put in or, where it is in, taken out."""
    values = values_of(args, name)
    values = [other for other in values if other != value] if value in values else [*values, value]
    return address_with(args, **{name: ",".join(values)})


def only_words_differ(args: Args, address: str) -> bool:
    """Whether another address asks for the same but for the words: somebody is typing."""
    parts = parts_of(address)
    other = MultiDict(parse_qsl(parts.query))
    return parts.path == request.path and _without_words(args) == _without_words(other)


def _without_words(args: Args) -> Mapping[str, str]:
    said = {name: ",".join(values_of(args, name)) for name in args if name not in PAGING and name != "q"}
    return {name: text for name, text in said.items() if text and text != USUAL.get(name)}
