"""The check character of 统一社会信用代码."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain import credit_code
from marketplace.domain.errors import Invalid

BODY = st.text(credit_code.ALPHABET, min_size=17, max_size=17)


@pytest.mark.parametrize("code", ["91350100M000100Y43", "11100000000013127D"])
def test_published_codes_are_accepted(code: str) -> None:
    assert credit_code.parse(f" {code.lower()} ") == code


@given(BODY, st.integers(0, 16), st.sampled_from(credit_code.ALPHABET))
def test_one_wrong_character_is_noticed(body: str, place: int, other: str) -> None:
    code = body + credit_code.check_character(body)
    changed = code[:place] + other + code[place + 1 :]
    assert credit_code.is_valid(code)
    assert credit_code.is_valid(changed) == (changed == code)


@pytest.mark.parametrize(
    "code", ["", "91350100M000100Y4", "91350100M000100Y44", "91350100I000100Y43", "９" * 18]
)
def test_others_are_refused_with_the_code_named(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        credit_code.parse(code)
    assert refused.value.fields[0].field == "credit_code"
    assert code in str(refused.value)
