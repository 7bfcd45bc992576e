"""Documents in the form in which the engine keeps them.

What a result shows is one field, ``card``: the engine unpacks every displayed field of every hit, so
thirty of them would cost more than finding it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import orjson

from search.documents import Document
from search.schema import INDEXED

SHAPE = 3
"""Raised when documents of the same rows come to look different, so that old ones are told apart."""
SHOWN = (
    *("id", "version", "number", "name", "brand", "model", "category", "category_name", "unit_id"),
    *("unit_code", "unit_name", "region_code", "region_name", "condition", "state", "listed", "modes"),
    *("quantity", "listed_quantity", "unit_of_measure", "original_value", "original_value_text"),
    *("net_value_text", "acquired_on", "location", "listed_at", "created", "cover", "photo_count", "_geo"),
)
"""What an item of an answer carries: what pages and programs show, and what results are sorted by."""


def line(document: Document) -> bytes:
    """A document as it is sent: one JSON object with ``hash``, by which drift is found."""
    body = _body(document)
    return b'{"hash":"%s",%s' % (_hash(body), body[1:])


def content_hash(document: Document) -> str:
    """The ``hash`` that the document's :func:`line` carries."""
    return _hash(_body(document)).decode()


def kept_hash(found: Mapping[str, Any]) -> str:
    """The true hash of a document as the index gives it back; empty where it says another, or is not ours."""
    if found.keys() != _KEPT:
        return ""
    actual = _hash(orjson.dumps({name: found[name] for name in (*INDEXED, "card")})).decode()
    return actual if actual == found["hash"] else ""


def has_shape(content_hash: str) -> bool:
    """Whether a document with this hash was made by this release."""
    return content_hash.startswith(f"{SHAPE}.")


def items_of(hits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What hits of the engine show; read at once, which is faster than one by one."""
    items: list[dict[str, Any]] = orjson.loads(f"[{','.join(hit['card'] for hit in hits)}]")
    return items


def item_like(document: Document) -> dict[str, Any]:
    """What a hit would show, from a document that never was in the engine."""
    item: dict[str, Any] = orjson.loads(_card(document))
    return item


def _card(document: Document) -> bytes:
    return orjson.dumps(dict(zip(SHOWN, _of_shown(document), strict=True)))


def _body(document: Document) -> bytes:
    sent = dict(zip(INDEXED, _of_indexed(document), strict=True))
    sent["card"] = _card(document).decode()
    return orjson.dumps(sent)


_KEPT = {*INDEXED, "card", "hash"}
_of_shown, _of_indexed = itemgetter(*SHOWN), itemgetter(*INDEXED)


def _hash(body: bytes) -> bytes:
    return b"%d.%s" % (SHAPE, hashlib.blake2b(body, digest_size=8).hexdigest().encode())
