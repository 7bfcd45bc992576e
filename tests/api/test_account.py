"""Tokens, the account behind them, the directory and the document."""

from __future__ import annotations

import dataclasses
import re

from flask import url_for

from drill.installation import free_port
from marketplace.app import create_app
from marketplace.config import Settings
from marketplace.domain.permissions import Role
from marketplace.edge.photos import photo_url
from search.finder import MeiliFinder
from tests.api.conftest import Program, World


def test_without_a_token_there_is_no_answer(world: World) -> None:
    stranger = Program(world.app.test_client(), "gwc_wrong")
    for path in ("/me", "/units", "/assets", "/assets/1"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.get_json()["code"] == "not_signed_in"


def test_without_a_database_a_program_is_told_to_come_again(world: World, settings: Settings) -> None:
    away = dataclasses.replace(settings, database_url=f"postgresql+psycopg://x@127.0.0.1:{free_port()}/x")
    app = create_app(away, MeiliFinder(away, world.sessions), testing=True)
    answer = Program(app.test_client(), "gwc_any").get("/me")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.get_json()["code"] == "unavailable"


def test_me(world: World) -> None:
    body = world.program(Role.UNIT_ASSET_OFFICER, "JY-1").get("/me").get_json()
    assert body["unit"] == {"code": "JY-1", "name": "第一中学"}
    assert body["roles"] == [{"role": "unit_asset_officer", "unit": {"code": "JY-1", "name": "第一中学"}}]
    assert "assets.edit" in body["permissions"]


def test_the_directory_pages_through_all_units(world: World) -> None:
    program = world.program(Role.STAFF, "WS-1")
    codes: list[str] = []
    cursor = ""
    while True:
        page = program.get(f"/units?limit=2&cursor={cursor}").get_json()
        codes += [unit["code"] for unit in page["items"]]
        if not page["next_cursor"]:
            break
        cursor = page["next_cursor"]
    assert codes == sorted(codes)
    assert {"330000", "JY", "JY-1", "JY-2", "WS", "WS-1"} == set(codes)
    assert [unit["code"] for unit in program.get("/units?parent=JY").get_json()["items"]] == ["JY-1", "JY-2"]
    assert [unit["code"] for unit in program.get("/units?q=医院").get_json()["items"]] == ["WS-1"]


def test_the_document_describes_every_route_of_the_interface(world: World) -> None:
    document = world.app.test_client().get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in world.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (path, method.upper())
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert routes == described
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_unknown_addresses_and_methods_are_problems_too(world: World) -> None:
    client = world.app.test_client()
    assert client.get("/api/v1/nothing").get_json()["code"] == "not_found"
    assert client.delete("/api/v1/me").get_json()["code"] == "method_not_allowed"


PUBLIC = {"get /api/v1/auctions", "get /api/v1/auctions/{number}"}
"""Calls without a token: what is published is for everyone."""


def test_every_call_says_how_it_refuses(world: World) -> None:
    document = world.app.test_client().get("/api/v1/openapi.json").get_json()
    operations = {
        f"{method} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post", "patch", "put", "delete"}
    }
    assert operations.keys() > PUBLIC
    for name, operation in operations.items():
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
        assert operation.get("security", []) == ([] if name in PUBLIC else [{"bearer": []}]), name
        assert operation["summary"]


def test_photo_addresses_are_those_of_the_router(world: World) -> None:
    with world.app.test_request_context("/"):
        built = url_for("media.photo", digest="a" * 64, size="thumb")
        assert photo_url("a" * 64, "thumb") == built
