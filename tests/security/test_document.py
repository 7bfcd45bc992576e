"""The OpenAPI document holds, whoever calls: nothing that follows or breaks it makes the interface fail.

Every operation is called by every role of both departments, at things that exist and things that don't.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.security.conftest import Place

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
RARELY = 4
"""One call in so many breaks the document on purpose."""


@pytest.fixture(scope="module")
def operations(wild_place: Place) -> list[APIOperation]:
    """Every operation of the interface."""
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", wild_place.app)
    return [found.ok() for found in document.get_all_operations()]


def test_every_operation_answers_every_role_as_the_document_says(
    wild_place: Place, operations: list[APIOperation]
) -> None:
    assert len(operations) == len(set(_operations_of(wild_place)))
    for operation in operations:
        _call(wild_place, operation)


def _call(place: Place, operation: APIOperation) -> None:
    whole = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    broken = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    cases = st.integers(0, RARELY).flatmap(lambda one: whole if one else broken)
    tokens = st.sampled_from(sorted(place.district.tokens.items()))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, who=tokens, data=st.data())
    def answers(case: Case, who: tuple[str, str], data: st.DataObject) -> None:
        _, token = who
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
        for name in case.path_parameters or {}:
            known = _known(place, operation.path, name)
            if known and data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(known))
        case.call_and_validate(checks=CHECKS)

    answers()


def _known(place: Place, path: str, name: str) -> list[int | str]:
    """What there really is of it."""
    if name == "name":
        return ["flag_idle", "remind"]
    return list(place.district.ids.get(name, ())) if name != "number" else []


def _operations_of(place: Place) -> Iterator[str]:
    for rule in place.app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield f"{method} {rule.rule}"
