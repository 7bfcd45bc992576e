"""Assets through the interface."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from marketplace.db.assets import Asset
from marketplace.domain.permissions import Role
from tests.api.conftest import Program, World, card

MakeCard = Callable[..., dict[str, Any]]


def _picture(colour: str = "navy") -> io.BytesIO:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, "PNG")
    Image.new("RGB", (400, 300), colour).save(file := io.BytesIO(), "PNG")
    file.seek(0)
    return file


def test_a_card_is_made_opened_and_changed(officer: Program) -> None:
    made = officer.post("/assets", card("ZC-1") | {"category": {"code": "A02010108", "edition": "2022"}})
    body = made.get_json()
    assert made.status_code == 201
    assert made.headers["Location"].endswith(f"/api/v1/assets/{body['id']}")
    assert body["original_value"] == "12800.00"
    assert body["category"] == {"code": "A02010108", "edition": "2022", "name": "便携式计算机"}
    opened = officer.get(f"/assets/{body['id']}")
    assert opened.get_json() == body
    changed = officer.patch(
        f"/assets/{body['id']}", {"location": "仓库"}, headers={"If-Match": opened.headers["ETag"]}
    )
    assert changed.status_code == 200
    assert changed.get_json()["location"] == "仓库"
    assert changed.headers["ETag"] != opened.headers["ETag"]


def test_a_change_based_on_an_old_version_is_refused_and_one_without_a_version_too(
    officer: Program, make_card: MakeCard
) -> None:
    made = make_card()
    path, first = f"/assets/{made['id']}", {"If-Match": f'"{made["version"]}"'}
    assert officer.patch(path, {"location": "仓库"}, headers=first).status_code == 200
    late = officer.patch(path, {"location": "地下室"}, headers=first)
    assert (late.status_code, late.get_json()["code"]) == (412, "version_conflict")
    blind = officer.patch(path, {"location": "地下室"})
    assert (blind.status_code, blind.get_json()["code"]) == (428, "version_required")
    assert "请在 If-Match 头中填写读取时得到的 ETag" in blind.get_json()["detail"]
    assert officer.get(path).get_json()["location"] == "仓库"


def test_wrong_fields_are_named(officer: Program) -> None:
    answer = officer.post(
        "/assets", card("ZC-1") | {"quantity": 0, "acquired_on": "昨天", "original_value": "-1"}
    )
    body = answer.get_json()
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert body["code"] == "invalid"
    assert {error["field"] for error in body["errors"]} == {"quantity", "acquired_on", "original_value"}


@pytest.mark.parametrize(
    "body", [[], {}, {"unit_code": "JY-1", "colour": "red"}, {"unit_code": 5}, "x", None]
)
def test_a_body_of_another_shape_is_refused_as_such(officer: Program, body: Any) -> None:
    answer = officer.post("/assets", body)
    assert answer.status_code in {400, 415, 422}
    assert answer.content_type == "application/problem+json"


def test_the_words_of_the_ledger_are_understood_as_condition(officer: Program) -> None:
    body = officer.post("/assets", card("ZC-1") | {"condition": "在用"}).get_json()
    assert (body["use_status"], body["condition"]) == ("in_use", "good")
    assert officer.post("/assets", card("ZC-2") | {"condition": "全新"}).get_json()["condition"] == "new"


def test_an_idempotency_key_makes_one_card_even_when_used_at_once(world: World, officer: Program) -> None:
    def create(_: int) -> tuple[int, int]:
        program = Program(world.app.test_client(), officer.token)
        answer = program.post("/assets", card("ZC-1"), headers={"Idempotency-Key": "k-1"})
        return answer.status_code, answer.get_json()["id"]

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(create, range(8)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    with world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 1


def test_a_key_is_not_reused_for_something_else_and_a_refusal_does_not_take_it(officer: Program) -> None:
    key = {"Idempotency-Key": "k-2"}
    assert officer.post("/assets", card("ZC-1") | {"name": ""}, headers=key).status_code == 422
    assert officer.post("/assets", card("ZC-1"), headers=key).status_code == 201
    other = officer.post("/assets", card("ZC-2"), headers=key)
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency_key_reused")


def test_listing_makes_it_findable_for_others_and_withdrawing_ends_that(
    world: World, officer: Program, make_card: MakeCard
) -> None:
    made, other = make_card(), world.program(Role.STAFF, "WS-1")
    path = f"/assets/{made['id']}"
    world.index()
    assert other.get("/assets").get_json()["total"] == 0
    assert other.get(path).status_code == 404
    listed = officer.post(
        f"{path}/list", {"modes": ["transfer", "loan"], "condition": "new", "note": "几乎未用"}
    )
    assert (listed.status_code, listed.get_json()["state"]) == (200, "listed")
    world.index()
    found = other.get("/assets?q=thinkpad").get_json()
    assert [item["id"] for item in found["items"]] == [made["id"]]
    assert (found["items"][0]["modes"], found["items"][0]["condition"]) == (["transfer", "loan"], "new")
    assert other.get(path).get_json()["listing"]["note"] == "几乎未用"
    again = officer.post(f"{path}/list", {"modes": ["loan"]})
    assert again.status_code == 409
    assert (again.get_json()["state"], again.get_json()["allowed_actions"]) == ("listed", ["withdraw"])
    assert officer.post(f"{path}/withdraw", {"reason": "本单位急用"}).get_json()["state"] == "in_use"
    world.index()
    assert other.get("/assets").get_json()["total"] == 0
    assert other.get(path).status_code == 404


def test_a_call_that_needs_to_say_nothing_needs_no_body(officer: Program, make_card: MakeCard) -> None:
    path = f"/assets/{make_card()['id']}"
    officer.post(f"{path}/list", {"modes": ["loan"]})
    key = {"Idempotency-Key": "k-3"}
    withdrawn = officer.call("POST", f"{path}/withdraw", headers=key)
    assert (withdrawn.status_code, withdrawn.get_json()["state"]) == (200, "in_use")
    again = officer.call("POST", f"{path}/withdraw", headers=key)
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (200, "true")
    nothing = officer.call("POST", f"{path}/list")
    assert (nothing.status_code, nothing.get_json()["errors"][0]["field"]) == (422, "modes")
    assert officer.call("POST", f"{path}/photos").get_json()["code"] == "invalid"


def test_others_see_of_a_listed_card_what_the_listing_tells(
    world: World, officer: Program, make_card: MakeCard
) -> None:
    made = make_card(using_person="张三", voucher="记-001", note="内部说明")
    officer.post(f"/assets/{made['id']}/list", {"modes": ["loan"]})
    seen = world.program(Role.STAFF, "WS-1").get(f"/assets/{made['id']}").get_json()
    assert not {"using_person", "voucher", "note", "extra", "serial_number"} & seen.keys()
    assert seen["allowed_actions"] == []
    assert {"name", "original_value", "condition"} <= seen.keys()


def test_a_first_circle_listing_stays_within_the_department(
    world: World, officer: Program, make_card: MakeCard
) -> None:
    made = make_card()
    officer.post(f"/assets/{made['id']}/list", {"modes": ["loan"], "audience": "department"})
    world.index()
    assert world.program(Role.STAFF, "JY-2").get("/assets").get_json()["total"] == 1
    hospital = world.program(Role.STAFF, "WS-1")
    assert (
        hospital.get("/assets").get_json() | {"took_ms": 0}
        == {
            "items": [],
            "total": 0,
            "facets": {},
            "next_cursor": None,
            "took_ms": 0,
            "degraded": False,
            "relaxed": False,
        }
        or hospital.get("/assets").get_json()["total"] == 0
    )
    assert hospital.get(f"/assets/{made['id']}").status_code == 404


def test_the_register_of_the_own_scope_and_no_other(world: World, make_card: MakeCard) -> None:
    make_card()
    world.index()
    assert world.program(Role.UNIT_ASSET_OFFICER, "JY-1").get("/assets?listed=false").get_json()["total"] == 1
    assert world.program(Role.DEPARTMENT_APPROVER, "JY").get("/assets?listed=false").get_json()["total"] == 1
    assert world.program(Role.UNIT_ASSET_OFFICER, "JY-2").get("/assets?listed=false").get_json()["total"] == 0


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("q=T480", 1),
        ("category=2022:A02010000", 1),
        ("category=A02010108", 1),
        ("category=2013:A02010108", 0),
        ("category=B", 0),
        ("unit=JY", 1),
        ("unit=JY-2", 0),
        ("unit=JY-2,JY-1", 1),
        ("region=330000", 1),
        ("condition=good", 1),
        ("condition=new", 0),
        ("mode=loan", 1),
        ("mode=transfer", 0),
        ("min_value=12800&max_value=12800.00", 1),
        ("min_value=12800.01", 0),
        ("year=2020", 1),
        ("year=2019,2021", 0),
    ],
)
def test_filters(world: World, officer: Program, make_card: MakeCard, query: str, hits: int) -> None:
    made = make_card(category={"code": "A02010108", "edition": "2022"})
    officer.post(f"/assets/{made['id']}/list", {"modes": ["loan"]})
    world.index()
    answer = world.program(Role.STAFF, "WS-1").get(f"/assets?{query}")
    assert answer.get_json()["total"] == hits


@pytest.mark.parametrize(
    "query",
    ["mode=gift", "min_value=x", "year=20", "limit=0", "limit=101", "sort=best", "cursor=abc", "colour=red"],
)
def test_unreadable_filters_are_refused(officer: Program, query: str) -> None:
    answer = officer.get(f"/assets?{query}")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


def test_paging_reaches_every_card_once(world: World, officer: Program, make_card: MakeCard) -> None:
    made = {make_card(f"ZC-{number:03}")["id"] for number in range(23)}
    world.index()
    seen: list[int] = []
    cursor = ""
    while True:
        page = officer.get(f"/assets?listed=false&limit=5&cursor={cursor}").get_json()
        assert page["total"] == 23
        seen += [item["id"] for item in page["items"]]
        if not page["next_cursor"]:
            break
        cursor = page["next_cursor"]
    assert len(seen) == 23
    assert set(seen) == made


def test_photos_are_added_and_seen_by_whoever_sees_the_asset(
    world: World, officer: Program, make_card: MakeCard
) -> None:
    made = make_card()
    path = f"/assets/{made['id']}/photos"
    added = officer.call("POST", path, data={"file": (_picture(), "a.png")})
    assert added.status_code == 201
    assert set(added.get_json()["urls"]) == {"thumb", "medium", "large"}
    assert officer.call("POST", path, data={"file": (_picture(), "b.png")}).status_code == 200
    bad = officer.call("POST", path, data={"file": (io.BytesIO(b"%PDF-1.7"), "a.jpg")})
    assert (bad.status_code, bad.content_type) == (422, "application/problem+json")
    assert officer.call("POST", path, data={}).status_code == 422
    assert (
        world.program(Role.UNIT_ASSET_OFFICER, "WS-1")
        .call("POST", path, data={"file": (_picture("red"), "a.png")})
        .status_code
        == 404
    )
    assert len(officer.get(f"/assets/{made['id']}").get_json()["photos"]) == 1


@pytest.mark.parametrize("word", ["", " \u3000", None])
def test_an_offer_without_a_word_on_the_condition_leaves_it(
    officer: Program, make_card: MakeCard, word: str | None
) -> None:
    made = make_card(condition="good")
    answer = officer.post(f"/assets/{made['id']}/list", {"modes": ["loan"], "condition": word})
    assert (answer.status_code, answer.get_json()["condition"]) == (200, "good")


def test_the_document_names_both_answers_to_a_photo(world: World) -> None:
    document = world.app.test_client().get("/api/v1/openapi.json").get_json()
    answers = document["paths"]["/api/v1/assets/{asset_id}/photos"]["post"]["responses"]
    assert set(answers) == {"200", "201", "default"}
    assert answers["200"]["content"] == answers["201"]["content"]


def test_a_photo_is_fetched_with_the_token_by_whoever_sees_the_asset(
    world: World, officer: Program, make_card: MakeCard
) -> None:
    path = f"/assets/{make_card()['id']}"
    added = officer.call("POST", f"{path}/photos", data={"file": (_picture(), "a.png")}).get_json()

    def fetched(token: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = world.app.test_client().get(added["urls"]["thumb"], headers=headers)
        return answer.status_code, answer.mimetype

    hospital = world.program(Role.STAFF, "WS-1")
    assert fetched(officer.token) == (200, "image/webp")
    assert fetched(hospital.token)[0] == 404
    assert fetched("gwc_nobody")[0] == 401
    assert fetched(world.program(Role.SYSTEM_ADMINISTRATOR, "330000").token)[0] == 403
    officer.post(f"{path}/list", {"modes": ["loan"]})
    assert fetched(hospital.token) == (200, "image/webp")


def test_a_repeated_upload_of_odd_parts_is_told_from_another(officer: Program, make_card: MakeCard) -> None:
    path, key = f"/assets/{make_card()['id']}/photos", {"Idempotency-Key": "k-4"}

    def send(text: str) -> tuple[int, str]:
        unnamed = f"--b\r\nContent-Disposition: form-data\r\n\r\n{text}\r\n".encode()
        named = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n'
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        file = head + _picture().getvalue() + b"\r\n"
        body = unnamed + named + file + file + b"--b--\r\n"
        answer = officer.call(
            "POST", path, headers=key, data=body, content_type="multipart/form-data; boundary=b"
        )
        return answer.status_code, answer.get_json().get("code", "")

    assert send("one") == (201, "")
    assert send("one") == (201, "")
    assert send("other") == (409, "idempotency_key_reused")


@pytest.mark.parametrize("role", [Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR])
def test_administrators_do_no_business(world: World, make_card: MakeCard, role: Role) -> None:
    made = make_card()
    administrator = world.program(role, "330000")
    assert administrator.get("/assets").status_code == 403
    assert administrator.get(f"/assets/{made['id']}").status_code == 403
    assert administrator.get("/me").status_code == 200


@pytest.mark.parametrize("role", [Role.STAFF, Role.AUDITOR, Role.UNIT_APPROVER, Role.FINANCE_APPROVER])
def test_readers_change_nothing(world: World, make_card: MakeCard, role: Role) -> None:
    made = make_card()
    reader = world.program(role, "330000")
    path = f"/assets/{made['id']}"
    assert reader.get(path).status_code == 200
    assert reader.patch(path, {"name": "x"}, headers={"If-Match": "*"}).status_code == 403
    assert reader.post("/assets", card("ZC-9")).status_code == 403
    assert reader.post(f"{path}/list", {"modes": ["loan"]}).status_code == 403
    assert reader.post(f"{path}/withdraw", {}).status_code == 403
    assert reader.get(path).get_json() | {"allowed_actions": []} == made | {"allowed_actions": []}
