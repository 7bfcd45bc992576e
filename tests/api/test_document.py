"""The OpenAPI document holds: what follows it never makes the interface fail, and answers are as it says."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from marketplace.domain.permissions import Role
from tests.api.conftest import World, card

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
EXAMPLES = 12


def test_every_operation_answers_as_the_document_says(world: World) -> None:
    program = world.program(Role.UNIT_ASSET_OFFICER, "JY-1")
    program.post("/assets", card("ZC-1"))
    world.index()
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.app)
    names = []
    for found in document.get_all_operations():
        operation = found.ok()
        names.append(operation.label)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answers(case: Case) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {program.token}"}
            case.call_and_validate(checks=CHECKS)

        answers()
    assert "POST /api/v1/assets/{asset_id}/photos" in names
