"""统一社会信用代码, the 18-character identifier of every Chinese organisation (GB 32100-2015)."""

from __future__ import annotations

from marketplace.domain.errors import invalid_field
from marketplace.domain.text import N_

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Digits and capitals without I, O, S, V, Z (table 1): the position is the value."""

WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def check_character(body: str) -> str:
    """The 18th character for the first seventeen (annex A: powers of three, modulo 31)."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def is_valid(code: str) -> bool:
    """Whether ``code`` has the right length, alphabet and check character."""
    return (
        len(code) == 18
        and all(character in ALPHABET for character in code)
        and check_character(code[:17]) == code[17]
    )


def parse(code: str) -> str:
    """The code in capitals without blanks.

    Raises:
        Invalid: it is not a valid code.
    """
    tidy = "".join(code.split()).upper()
    if not is_valid(tidy):
        raise invalid_field(
            "credit_code",
            N_("“%(given)s”不正确：应为18位，且末位校验码相符。请核对证书。"),
            given=code,
        )
    return tidy
