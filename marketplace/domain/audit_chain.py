"""What is hashed when the audit record is chained. Anybody can recompute it with these few lines.

The content of an entry is the SHA-256 of a JSON array of its fields; a seal's digest is the SHA-256 of
the digest before it, its position, and that content. The database computes the content of a new entry
itself (migration 0002); this is how it is checked, so that a check believes nothing but the fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from marketplace.domain.text import N_

DIGEST = 32
"""Bytes of a digest."""
GENESIS = bytes(DIGEST)
"""What the first seal follows."""
FIELDS = (
    *("id", "at", "actor_id", "actor_name", "unit_id", "action", "object_kind", "object_id"),
    *("outcome", "before", "after", "reason", "basis", "request_id"),
)
"""The sealed fields in their order. ``at``: seconds since 1970 in UTC with six decimals, as text;
``before`` and ``after``: JSON as the database writes it, as text."""

_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Seal:
    """A place in the chain, as it can be noted down outside."""

    position: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.digest.hex()}"


START = Seal(0, GENESIS)
"""Where the chain begins."""


def read_seal(text: str) -> Seal:
    """A seal that was noted down as ``position:digest``.

    Raises:
        ValueError: it is not one.
    """
    position, _, digest = text.strip().partition(":")
    seal = Seal(int(position), bytes.fromhex(digest))
    if seal.position < 1 or len(seal.digest) != DIGEST:
        raise ValueError(text)
    return seal


def canonical(fields: Iterable[int | str | None]) -> str:
    """The text that is hashed: an entry's fields, given in the order of ``FIELDS``, as a JSON array."""
    return _encode(list(fields))


def content_of(fields: Iterable[int | str | None]) -> bytes:
    """The hash of an entry's fields."""
    return hashlib.sha256(canonical(fields).encode()).digest()


def follow(last: Seal, entry: bytes) -> Seal:
    """The seal after ``last`` for an entry with this content."""
    position = last.position + 1
    return Seal(position, digest_of(last.digest, position, entry))


def digest_of(previous: bytes, position: int, entry: bytes) -> bytes:
    """The digest of a seal at ``position`` for an entry with this content."""
    return hashlib.sha256(previous + position.to_bytes(8, "big") + entry).digest()


class FaultKind(StrEnum):
    """How a record can be broken."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    UNLINKED = "unlinked"
    GAP = "gap"
    CUT = "cut"
    REWRITTEN = "rewritten"


FAULTS = {
    FaultKind.CHANGED: N_("记录 %(entry)s（第 %(position)s 位）或其封印被改动，两者不再相符。"),
    FaultKind.REMOVED: N_("记录 %(entry)s（第 %(position)s 位）已封存，但记录本身不在了。"),
    FaultKind.ADDED: N_("记录 %(entry)s 没有封印，也不在待封存之列：它是绕过系统加入的，或其封印被删去。"),
    FaultKind.UNLINKED: N_("记录 %(entry)s（第 %(position)s 位）的封印与前一封印不相接。"),
    FaultKind.GAP: N_("第 %(position)s 位的封印缺失（记录 %(entry)s）。"),
    FaultKind.CUT: N_("封印在第 %(position)s 位之前就中断了：另行保存的封印不在其中。"),
    FaultKind.REWRITTEN: N_(
        "记录 %(entry)s（第 %(position)s 位）的封印与另行保存的不同：其前的记录被改写过。"
    ),
}
"""What each fault is called."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place at which a record is broken; None where the entry or the position is not known."""

    kind: FaultKind
    entry_id: int | None
    position: int | None

    def __str__(self) -> str:
        return f"{self.kind} entry={self.entry_id or '?'} position={self.position or '?'}"


@dataclass(frozen=True, slots=True)
class Link:
    """A seal as it is kept, and the content of its entry as it is now; None when that is gone."""

    position: int
    entry_id: int
    previous: bytes
    digest: bytes
    content: bytes | None


def fault_of(link: Link, last: Seal, known: Seal | None = None) -> Fault | None:
    """What is wrong with a link that should follow ``last``; ``known`` is a seal noted down outside."""
    expected = last.position + 1
    if link.position > expected:
        return Fault(FaultKind.GAP, None, expected)
    kind = None
    if link.position < expected or link.previous != last.digest:
        kind = FaultKind.UNLINKED
    elif link.content is None:
        kind = FaultKind.REMOVED
    elif link.digest != digest_of(link.previous, link.position, link.content):
        kind = FaultKind.CHANGED
    elif known and known.position == link.position and known.digest != link.digest:
        kind = FaultKind.REWRITTEN
    return Fault(kind, link.entry_id, link.position) if kind else None
