"""What every answer of every address says to browsers, signed in or not, with and without HTTPS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from marketplace.edge.access import access_of
from tests.security.conftest import PLAIN, SAFE, Place
from tests.security.test_foreign import knocks
from tests.security.test_sessions import strict

OTHERS = {
    "static": "/static/nothing.js",
    "nowhere": "/no/such/place",
    "wrong method": "/logout",
    "api": "/api/v1/nothing",
    "odd number": f"/orders/{10**30}",
}
SHUT = {
    "default-src": "'self'",
    "img-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def addresses(place: Place) -> dict[str, str]:
    """An address of each class that can be asked for, by endpoint."""
    plain = {
        str(rule.endpoint): rule.rule
        for rule in place.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments
    }
    return {knock.endpoint: knock.path for knock in knocks(place) if knock.method == "GET"} | plain | OTHERS


def missing(answer: TestResponse, *, secure: bool) -> Iterator[str]:
    """What an answer should have said and did not."""
    headers = answer.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    if policy != SHUT:
        yield f"policy {policy}"
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "nosniff"
    if headers.get("Referrer-Policy") != "same-origin":
        yield "referrer"
    if ("max-age=31556926" in headers.get("Strict-Transport-Security", "")) is not secure:
        yield "transport security"
    if "Server" in headers or "X-Powered-By" in headers:
        yield "says what it runs on"
    if answer.data and not headers.get("Content-Type"):
        yield "type"


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_every_address_shuts_the_browser_in(place: Place, secure: bool) -> None:
    wrong = []
    with strict(place) as behind_tls:
        app, base = (behind_tls, SAFE) if secure else (place.app, PLAIN)
        for who in ("", "H.all"):
            client = place.client(who, app, base)
            for endpoint, path in addresses(place).items():
                program = {"Authorization": f"Bearer {place.district.tokens[who]}"} if who else {}
                headers = program if path.startswith("/api/") else {}
                answer = client.get(path, base_url=base, headers=headers)
                wrong += [(path, who, said) for said in missing(answer, secure=secure)]
                access = access_of(app.view_functions.get(endpoint))
                private = who and access is not None and not access.public
                if private and "no-store" not in answer.headers.get("Cache-Control", ""):
                    wrong.append((path, who, "kept by the browser"))
    assert not wrong, "\n".join(map(str, wrong))


def test_no_page_holds_a_script_or_a_style_of_its_own(place: Place) -> None:
    """The policy would not run it; and nothing that was written into a page could be told from it."""
    client, wrong = place.client("A.officer"), []
    for path in addresses(place).values():
        answer = client.get(path)
        if answer.mimetype == "text/html":
            for sign in ("<script>", "<style", " style=", " onclick=", " onload=", "javascript:"):
                if sign in answer.text:
                    wrong.append((path, sign))
    assert not wrong, "\n".join(map(str, wrong))
