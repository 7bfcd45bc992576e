"""The client: several searches side by side, and what is left behind when one goes wrong."""

from __future__ import annotations

import dataclasses

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill.installation import free_port
from marketplace.config import Settings
from search.engine import BUSY, PAYLOAD, Engine, EngineDown, EngineRefused, portions

SOMETHING, NOTHING = {"q": "", "limit": 1}, {"q": "", "filter": "id < 0", "limit": 0}


@pytest.fixture
def filled(index: Engine) -> Engine:
    index.wait(index.put_documents(index.index, [b'{"id": 1, "name": "x"}', b'{"id": 2, "name": "y"}']))
    return index


def counts(engine: Engine, *queries: dict[str, object]) -> list[int]:
    return [answer["estimatedTotalHits"] for answer in engine.search(*queries)]


def test_answers_come_in_the_order_of_the_queries(filled: Engine) -> None:
    assert counts(filled, SOMETHING, NOTHING, SOMETHING) == [2, 0, 2]
    assert counts(filled) == []
    assert counts(filled, *[SOMETHING, NOTHING] * 25) == [2, 0] * 25, "more than are kept open"


def test_a_query_that_is_refused_leaves_the_others_alone(filled: Engine) -> None:
    unheard_of = {"filter": "unheard_of = 1"}
    for queries in ([unheard_of], [SOMETHING, unheard_of, NOTHING], [unheard_of, SOMETHING]):
        with pytest.raises(EngineRefused) as refusal:
            counts(filled, *queries)
        assert refusal.value.code == "invalid_search_filter"
        assert counts(filled, NOTHING, SOMETHING) == [0, 2]


def test_an_engine_is_busy_while_several_search(filled: Engine) -> None:
    searches = [filled.search(SOMETHING) for _ in range(BUSY)]
    assert not filled.is_busy
    assert [next(search)["estimatedTotalHits"] for search in searches] == [2] * BUSY
    assert filled.is_busy
    assert [list(search) for search in searches] == [[]] * BUSY
    assert not filled.is_busy


def test_without_an_engine_every_call_says_so(own_settings: Settings) -> None:
    nowhere = Engine(dataclasses.replace(own_settings, meili_url=f"http://127.0.0.1:{free_port()}"))
    assert not nowhere.healthy()
    for ask in (lambda: counts(nowhere, SOMETHING), lambda: nowhere.call("GET", "/health")):
        with pytest.raises(EngineDown):
            ask()


def test_an_address_may_have_a_path_before_it(own_settings: Settings) -> None:
    behind = Engine(dataclasses.replace(own_settings, meili_url=f"{own_settings.meili_url}/no/such/place"))
    with pytest.raises(EngineRefused) as refusal:
        behind.call("GET", "/health")
    assert "404" in str(refusal.value)


@given(st.lists(st.binary(max_size=20)), st.integers(min_value=1, max_value=40))
def test_documents_are_sent_in_portions_that_the_engine_takes(lines: list[bytes], most: int) -> None:
    found = list(portions(lines, most))
    assert [line for portion in found for line in portion] == lines
    assert all(len(portion) == 1 or len(b"\n".join(portion)) < most for portion in found)


def test_a_portion_is_no_more_than_the_engine_takes(index: Engine) -> None:
    line = orjson.dumps({"id": 1, "unsearched": "x" * (PAYLOAD - 100)})
    index.wait(index.put_documents(index.index, [line]))
