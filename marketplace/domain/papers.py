"""Printed papers (调拨单, 借用协议, 成交确认书) and how whoever holds one can tell that it is genuine.

Each paper carries a verification code. It is an HMAC over what the paper is of and what it says, so it
can neither be guessed nor be carried over to another text; the record of what was printed is found
by it. Change the installation's secret key, and papers printed before no longer verify.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from marketplace.domain.text import N_, normalise

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters that can't be taken for one another: no 0 and O, no 1 and I."""
CODE_LENGTH = 16
"""80 bits: at a million guesses a second, one of a million papers is found in some 38,000 years."""
_GROUP = 4


class PaperKind(StrEnum):
    """What can be printed of an order or of a sold lot."""

    TRANSFER_SLIP = "transfer_slip"
    LOAN_AGREEMENT = "loan_agreement"
    SALE_CONFIRMATION = "sale_confirmation"


PAPER_NAMES = {
    PaperKind.TRANSFER_SLIP: N_("国有资产调拨单"),
    PaperKind.LOAN_AGREEMENT: N_("国有资产借用协议"),
    PaperKind.SALE_CONFIRMATION: N_("成交确认书"),
}


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of what a paper says, the same however its JSON is laid out."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def short_digest(digest: str) -> str:
    """The part of a digest that stands on the paper, in groups for comparing by eye."""
    return " ".join(digest[at : at + 4] for at in range(0, 16, 4))


def code_of(secret_key: str, kind: PaperKind, thing_id: int, version: int, digest: str) -> str:
    """The verification code, without hyphens; ``thing_id`` is the order's, or the lot's."""
    said = f"gwc/paper/{kind.value}/{thing_id}/{version}/{digest}"
    number = int.from_bytes(hmac.digest(secret_key.encode(), said.encode(), "sha256"))
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(CODE_LENGTH))


def is_genuine(
    code: str, secret_key: str, kind: PaperKind, thing_id: int, version: int, content: Mapping[str, Any]
) -> bool:
    """Whether the code was made by this installation for exactly this content."""
    made = code_of(secret_key, kind, thing_id, version, digest_of(content))
    return hmac.compare_digest(made.encode(), code.encode())


def grouped(code: str) -> str:
    """``ABCD-EFGH-JKLM-NPQR``, as it is printed."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def typed_code(text: str) -> str:
    """A code as somebody typed it: any case and width, hyphens and spaces anywhere; "" if it can't be one."""
    code = "".join(c for c in normalise(text).upper() if c.isalnum())
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else ""


def masked(name: str) -> str:
    """A person's name as strangers see it: 王**; a name of one character is hidden whole."""
    kept = name[:1] if len(name) > 1 else ""
    return kept + "*" * max(len(name) - 1, 1) if name else ""
