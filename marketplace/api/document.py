"""Finishing the OpenAPI document: what every call has in common."""

from __future__ import annotations

from typing import Any

from marketplace.api.schemas import Problem
from marketplace.edge.problems import MEDIA_TYPE

HEADERS = {
    "Idempotency-Key": "A repeat with the same key is done once and answered alike.",
    "If-Match": "The ETag that the change is based on, or * for whatever there is now.",
}
ONCE = frozenset({"post"})
CONDITIONAL = frozenset({"patch"})


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add the problem details that any call may answer with, and the headers that calls take."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update({**schema.pop("$defs", {}), "Problem": schema})
    components["responses"] = {
        "Problem": {
            "description": "A refusal, as RFC 9457 problem details",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if path.startswith("/api/") and isinstance(operation, dict):
                _complete(method, operation)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    for status in [status for status in responses if str(status).startswith(("4", "5"))]:
        del responses[status]
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    wanted = ["Idempotency-Key"] * (method in ONCE) + ["If-Match"] * (method in CONDITIONAL)
    operation.setdefault("parameters", []).extend(
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": HEADERS[name]}
        for name in wanted
    )
