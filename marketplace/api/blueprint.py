"""The blueprint all of version 1 hangs on, and how it answers."""

from __future__ import annotations

from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="v1")

TOKEN: list[str | dict[str, list[Any]]] = [{"bearer": []}]
"""Security requirement of every call that isn't public, for the OpenAPI document."""


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(orjson.dumps(body), status, named, content_type="application/json")
