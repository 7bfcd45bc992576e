"""Whatever address, whatever role: who belongs to another department is refused, and nothing is changed.

Every address is knocked at with everything the first department has. One that is added with a
parameter, or a form, that is not named here fails the test until it is.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from marketplace.domain.disposals import ConditionKind
from marketplace.domain.inbox import Task
from marketplace.domain.permissions import ROLE_PERMISSIONS, SEPARATE_ADMINISTRATORS, Permission, Role
from marketplace.edge.access import Access, access_of
from tests.security.conftest import Place
from tests.security.district import MARK

THOROUGH = bool(os.environ.get("FUZZ_EXAMPLES"))
"""Whether every role comes alone, with every combination of what an address names."""
BUSINESS = frozenset(Role) - SEPARATE_ADMINISTRATORS
WORDS: dict[str, Sequence[str]] = {
    "kind": [ConditionKind.OWNERSHIP],
    "size": ["large", "thumb"],
    "task": list(Task),
    "version": ["1"],
}
"""Parameters that name a part, a way or a kind of what another one names."""
COMMON = {"name", "group_id", "change_id", "code", "filename"}
"""Parameters that name what belongs to no unit: jobs, synonyms, days off, papers that have a code."""
BODIES: dict[str, dict[str, Any]] = {
    "api.create_asset": {"unit_code": "{A}", "number": "QH-9", "name": "桌", "original_value": "1"},
    "api.change_asset": {"name": "桌"},
    "api.list_asset": {"modes": ["transfer"]},
    "api.create_order": {"asset_id": "{asset}", "kind": "transfer", "reason": "用"},
    "api.act_on_order": {"action": "approve"},
    "api.act_on_flag": {"action": "confirm"},
    "api.act_on_disposal": {"action": "cancel", "reason": "不卖了"},
}
"""What programs say; left out where nothing has to be said."""
FORMS: dict[str, dict[str, str]] = {
    "assets.create": {"unit_code": "{A}", "number": "QH-9", "name": "桌", "original_value": "1"},
    "basket.act": {"asset": "{asset}", "kind": "transfer", "quantity": "1", "act": "submit:{order}"},
    "bulk_listing.offer": {"asset": "{asset}"},
    "bulk_listing.put_on_offer": {"asset": "{asset}", "modes": "transfer", "contact_name": "王"},
    "disposals.create": {"asset": "{asset}", "way": "scrapping", "title": "报废"},
    "events.create": {"unit_code": "{A}", "name": "校庆", "ends_on": "2026-10-01"},
    "idle.answer": {"flag": "{flag}", "do": "confirm"},
    "imports.upload": {"unit_code": "{A}"},
    "inbox.approve_many": {"step": "{step}"},
    "labels.choose": {"asset": "{asset}"},
    "labels.sheets": {"ids": "{asset}", "sheet": "a4-24", "shift_x": "0", "shift_y": "0"},
    "orders.act": {"action": "withdraw"},
    "stand_ins.create": {
        "stand_in": "{user}",
        "starts_on": "2026-09-07",
        "ends_on": "2026-09-08",
        "reason": "假",
    },
    "units.create": {"code": "NEU", "name": "新校", "kind": "unit", "parent_code": "{bureau}"},
    "users.create": {
        "username": "mole",
        "name": "鼹",
        "unit_code": "{A}",
        "role": "staff",
        "role_unit": "{A}",
    },
}
"""Forms that name what belongs to somebody in what is typed."""
LEAD_BACK = {"inbox.show", "inbox.accept", "inbox.consent", "inbox.decide"}
"""What is no longer there to do, and what never was one's own, leads to what there is: one's own inbox."""
OWN = {
    *(
        "auth.choose_locale",
        "auth.choose_mail",
        "auth.change_password",
        "auth.do_sign_in",
        "auth.issue_token",
    ),
    *("auth.sign_out", "basket.restore", "messages.mark_all_read", "messages.unmark_all_read"),
    *("register.save_view", "users.import_file", "units.import_file"),
}
"""Forms that change what is the sender's own, or (files) say row by row what they may not."""
SHARED = {
    *("audit.verify", "auction_settings.save", "calendar.change_days", "calendar.import_schedule"),
    *("idle_policies.remove", "idle_policies.save", "policies.draft", "policies.save", "settings.save"),
    "synonyms.create",
}
"""Forms that set what is the same for everyone, for those who hold the role."""


@dataclass(frozen=True)
class Knock:
    """One call of one address."""

    rule: Rule
    access: Access
    method: str
    path: str

    @property
    def endpoint(self) -> str:
        return str(self.rule.endpoint)

    @property
    def for_programs(self) -> bool:
        return self.rule.rule.startswith("/api/")


def rules(place: Place) -> Iterator[tuple[Rule, Access, str]]:
    """Every address by every method."""
    for rule in place.app.url_map.iter_rules():
        access = access_of(place.app.view_functions[rule.endpoint])
        assert access is not None
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, access, method


def knocks(place: Place) -> Iterator[Knock]:
    """Every address that names something, for everything the first department has of it."""
    for rule, access, method in rules(place):
        names = sorted(rule.arguments)
        if not named(rule) or COMMON & set(names):
            continue
        choices = [_values(place, rule, name) for name in names]
        for values in _each_once(choices):
            built = rule.build(dict(zip(names, values, strict=True)))
            assert built, rule
            yield Knock(rule, access, method, built[1])


def named(rule: Rule) -> set[str]:
    """Parameters that name something; the kind of a file is none."""
    return {name for name in rule.arguments if f"(xlsx, csv):{name}>" not in rule.rule}


def _each_once(choices: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Every value of each parameter, beside one of the others; all combinations where many are wanted."""
    if THOROUGH:
        yield from itertools.product(*choices)
    else:
        for at in range(max(map(len, choices))):
            yield tuple(some[at % len(some)] for some in choices)


def _values(place: Place, rule: Rule, name: str) -> Sequence[Any]:
    """What a parameter may name here. A parameter that is not known fails the test."""
    choices = re.search(rf"<any\(([^)]*)\):{name}>", rule.rule)
    if choices:
        return [word.strip(" '\"") for word in choices[1].split(",")]
    found = place.district.ids.get(f"{rule.endpoint}.{name}") or place.district.ids.get(name)
    return found if found else WORDS[name]


class Caller:
    """Somebody of the other department, at a browser and by a program."""

    def __init__(self, place: Place, name: str, roles: frozenset[Role]) -> None:
        self.name, self.place = name, place
        self.permissions = frozenset[Permission]().union(*(ROLE_PERMISSIONS[role] for role in roles))
        self.client = place.client(name)
        self.program: FlaskClient = place.app.test_client()
        self.token = place.district.tokens[name]

    def comes_in(self, access: Access) -> bool:
        """Whether the door opens; that it does for nobody else, ``tests.web.test_access`` shows."""
        asked = access.permissions
        return access.public or not asked or not self.permissions.isdisjoint(asked)

    def call(self, knock: Knock, form: Mapping[str, str] | None = None) -> TestResponse:
        """The call as a browser or a program would make it."""
        if not knock.for_programs:
            headers = {"X-CSRFToken": self.place.csrf}
            return self.client.open(knock.path, method=knock.method, data=form, headers=headers)
        body = filled(self.place, BODIES.get(knock.endpoint, {}))
        headers = {"Authorization": f"Bearer {self.token}", "If-Match": "*"}
        if knock.endpoint == "api.add_photo":
            file = {"file": (io.BytesIO(b"picture"), "a.jpg")}
            return self.program.post(knock.path, data=file, headers=headers)
        given = {} if knock.method == "GET" else {"json": body}
        return self.program.open(knock.path, method=knock.method, headers=headers, **given)


def filled(place: Place, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the names of what belongs to the first department."""
    district = place.district
    names: dict[str, Any] = {
        **district.codes,
        "asset": district.ids["asset_id"][0],
        "flag": district.ids["flag_id"][0],
        "order": district.ids["order_id"][0],
        "step": district.ids["number"][0],
        "user": district.users["A.staff"],
    }
    full = re.compile(r"\{(\w+)\}")
    return {
        key: names[found[1]]
        if isinstance(value, str) and (found := full.fullmatch(value))
        else full.sub(lambda m: str(names[m[1]]), value)
        if isinstance(value, str)
        else value
        for key, value in body.items()
    }


def everything(place: Place) -> dict[str, str]:
    """A hash of each table, and the names of all files."""
    with place.database.connect() as connection:
        tables = connection.scalars(text(_TABLES)).all()
        sums = " UNION ALL ".join(
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {name} t"
            for name in tables
        )
        found = dict(connection.execute(text(sums)).all())
    files = sorted(str(path) for path in Path(place.settings.home).rglob("*") if path.is_file())
    return found | {"files": "\n".join(files)}


_TABLES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1
"""


def shown(answer: TestResponse) -> str:
    """What an answer says, unpacked where it is a workbook."""
    if not answer.data.startswith(b"PK"):
        return answer.get_data(as_text=False).decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        return "".join(book.read(name).decode(errors="replace") for name in book.namelist())


def refuses(caller: Caller, knock: Knock, answer: TestResponse) -> bool:
    """Whether nobody is let in: refused here, or there where the address leads on to."""
    if answer.status_code == 302 and knock.endpoint in LEAD_BACK:
        return answer.location == "/inbox"
    if answer.status_code == 302 and knock.method == "GET":
        answer = caller.client.get(answer.location)
    return answer.status_code in (403, 404)


@pytest.fixture(scope="module")
def callers(place: Place) -> list[Caller]:
    """The three administrators and somebody with all other roles at once; when thorough, each role alone."""
    some = {f"H.{role}": frozenset({role}) for role in (Role if THOROUGH else SEPARATE_ADMINISTRATORS)}
    made = [Caller(place, name, roles) for name, roles in (some | {"H.all": BUSINESS}).items()]
    for caller in made:
        assert caller.client.get("/profile").status_code == 200
        headers = {"Authorization": f"Bearer {caller.token}"}
        assert caller.program.get("/api/v1/me", headers=headers).status_code == 200
    return made


def test_nobody_from_elsewhere_reaches_what_an_address_names(place: Place, callers: list[Caller]) -> None:
    before = everything(place)
    wrong = []
    for _, group in itertools.groupby(knocks(place), key=lambda knock: (knock.rule, knock.method)):
        some = list(group)
        for knock, caller in itertools.product(some, callers):
            if not caller.comes_in(knock.access):
                continue
            answer = caller.call(knock, filled(place, FORMS.get(knock.endpoint, {})))
            if not refuses(caller, knock, answer) or MARK in shown(answer):
                wrong.append((caller.name, knock.method, knock.path, answer.status_code, answer.location))
        if (after := everything(place)) != before:
            changed = {name for name in after if after[name] != before.get(name)}
            wrong.append(("somebody", some[0].method, some[0].path, "changed", changed))
            before = after
    assert not wrong, "\n".join(map(str, wrong))


def test_nobody_from_elsewhere_reaches_what_a_form_names(place: Place, callers: list[Caller]) -> None:
    before = everything(place)
    wrong, silent = [], []
    for rule, access, method in rules(place):
        endpoint = str(rule.endpoint)
        if method == "GET" or rule.arguments or endpoint in OWN | SHARED:
            continue
        if endpoint not in (BODIES if rule.rule.startswith("/api/") else FORMS):
            silent.append(rule.rule)
            continue
        for caller in callers:
            if not caller.comes_in(access):
                continue
            form = filled(place, FORMS.get(endpoint, {}))
            answer = caller.call(Knock(rule, access, method, rule.rule), form)
            if answer.status_code >= 500 or answer.status_code == 201 or MARK in shown(answer):
                wrong.append((caller.name, rule.rule, answer.status_code, answer.location))
        if (after := everything(place)) != before:
            changed = {name for name in after if after[name] != before.get(name)}
            wrong.append(("somebody", rule.rule, "changed", changed))
            before = after
    assert not silent
    assert not wrong, "\n".join(map(str, wrong))


def test_no_list_shows_what_is_elsewhere(place: Place, callers: list[Caller]) -> None:
    district = place.district
    aimed: dict[str, Any] = {
        **{"unit": district.codes["A"], "unit_code": district.codes["A"], "parent": district.codes["bureau"]},
        **dict.fromkeys(("asset", "asset_id", "ids"), district.ids["asset_id"][0]),
        **dict.fromkeys(("order", "step", "item", "project"), district.ids["order_id"][0]),
        "q": MARK[:2],
    }
    wrong = []
    for rule, access, method in rules(place):
        if method != "GET" or named(rule):
            continue
        for path in {re.sub(r"<any[^>]*>", kind, rule.rule) for kind in ("xlsx", "csv")}:
            known = _query_of(place, path) if path.startswith("/api/") else aimed.keys()
            query = urlencode({name: aimed[name] for name in aimed.keys() & known})
            for caller, full in itertools.product(callers, (path, f"{path}?{query}")):
                if not caller.comes_in(access):
                    continue
                answer = caller.call(Knock(rule, access, method, full))
                if answer.status_code >= 500 or MARK in shown(answer):
                    wrong.append((caller.name, full, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


def _query_of(place: Place, path: str) -> set[str]:
    operation = place.app.spec["paths"].get(path, {}).get("get", {})
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}


INSIDERS = ("A.officer", "B.staff", "B.officer", "A.approver", "manager", "finance", "security")


def test_what_is_refused_to_others_is_there_for_those_whose_it_is(place: Place) -> None:
    """Else the refusals would prove nothing: nobody finds what does not exist."""
    inside = [(place.client(name), place.district.tokens[name]) for name in INSIDERS]
    missing = []
    for rule, group in itertools.groupby(knocks(place), key=lambda knock: knock.rule):
        some = [knock for knock in group if knock.method == "GET" and not knock.access.public]
        found = any(
            client.get(
                knock.path, headers={"Authorization": f"Bearer {token}"} if knock.for_programs else {}
            ).status_code
            in (200, 302)
            for knock in some
            for client, token in inside
        )
        if some and not found:
            missing.append(rule.rule)
    assert not missing, "\n".join(missing)
