"""The blueprint all of version 1 hangs on, and how it answers."""

from __future__ import annotations

import io
from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response, request

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="v1")

TOKEN: list[str | dict[str, list[Any]]] = [{"bearer": []}]
"""Security requirement of every call that isn't public, for the OpenAPI document."""


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(orjson.dumps(body), status, named, content_type="application/json")


@blueprint.before_request
def say_nothing_at_all() -> None:
    """A call without a body says as much as one with an empty object, and is told what it left out."""
    if request.method == "POST" and _has_no_body():
        request.environ |= {
            "wsgi.input": io.BytesIO(b"{}"),
            "CONTENT_LENGTH": "2",
            "CONTENT_TYPE": "application/json",
        }


def _has_no_body() -> bool:
    """HTTP/1 announces a body by one of two headers; later versions need not."""
    if "Content-Length" in request.headers:
        return request.headers["Content-Length"] == "0"
    return "Transfer-Encoding" not in request.headers and request.environ["SERVER_PROTOCOL"].startswith(
        "HTTP/1"
    )
