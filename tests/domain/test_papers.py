"""Verification codes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.papers import (
    ALPHABET,
    CODE_LENGTH,
    PaperKind,
    code_of,
    digest_of,
    grouped,
    is_genuine,
    masked,
    typed_code,
)

SLIP = PaperKind.TRANSFER_SLIP
CONTENT = {"number": "DB2026090001", "items": [{"name": "办公桌", "quantity": 3}]}
CODE = code_of("secret", SLIP, 7, 1, digest_of(CONTENT))


def test_a_code_is_genuine_for_its_own_paper_only() -> None:
    assert is_genuine(CODE, "secret", SLIP, 7, 1, CONTENT)
    assert not is_genuine(CODE, "another", SLIP, 7, 1, CONTENT)
    assert not is_genuine(CODE, "secret", PaperKind.LOAN_AGREEMENT, 7, 1, CONTENT)
    assert not is_genuine(CODE, "secret", SLIP, 8, 1, CONTENT)
    assert not is_genuine(CODE, "secret", SLIP, 7, 2, CONTENT)
    assert not is_genuine(CODE, "secret", SLIP, 7, 1, {**CONTENT, "number": "DB2026090002"})


def test_the_digest_does_not_depend_on_the_order_of_names() -> None:
    assert digest_of(dict(reversed(CONTENT.items()))) == digest_of(CONTENT)


@given(st.integers(1, 10**9))
def test_codes_are_typed_as_people_type(order_id: int) -> None:
    code = code_of("secret", SLIP, order_id, 1, "d")
    assert len(code) == CODE_LENGTH
    assert set(code) <= set(ALPHABET)
    shown = grouped(code)
    for typed in (code, shown, shown.lower(), f" {shown.replace('-', ' ')} ", shown.replace("-", "－")):
        assert typed_code(typed) == code
    full_width = "".join(chr(ord(c) + 0xFEE0) if c != "-" else c for c in shown)
    assert typed_code(full_width) == code


@given(st.text())
def test_what_is_no_code_is_none(text: str) -> None:
    code = typed_code(text)
    assert code == "" or (len(code) == CODE_LENGTH and set(code) <= set(ALPHABET))


def test_names_are_masked() -> None:
    assert [masked(name) for name in ("王建国", "李娜", "欧", "")] == ["王**", "李*", "*", ""]
