"""Text as it is kept."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.text import clean


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  办公桌　", "办公桌"),
        ("一行\n又一行\t格", "一行\n又一行\t格"),
        ("a\x00b\x1fc\x7f", "abc"),
        ("e\u0301", "é"),
        ("e\x00\u0301", "é"),
        ("x\ud800y\ufffez\uffff", "xyz"),
        ("ＡＢＣ", "ＡＢＣ"),
        ("\r\n桌\r\n", "桌"),
    ],
)
def test_clean_keeps_what_can_be_stored_and_exchanged(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(st.text(st.characters()))
def test_clean_text_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode()
