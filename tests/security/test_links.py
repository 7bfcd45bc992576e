"""Where a visitor is sent on to, and what links are made of: never anything that a caller says."""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

import pytest
from flask import request
from flask.testing import FlaskClient

from marketplace.app import create_app
from tests.factories import PASSWORD
from tests.security.conftest import Place

ELSEWHERE = (
    *("https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example", "///evil.example"),
    *("/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "\x00//evil.example"),
    *("http:evil.example", "http:///evil.example", "HTTPS:\\\\evil.example", "evil.example", "@evil.example"),
    *(
        "javascript:alert(1)",
        "data:text/html,x",
        "/%09/evil.example/..//",
        "//evil.example/%2f..",
        "?//x",
        "",
    ),
    *("http://[", "//[", "/x\r\nSet-Cookie: a=b", "/..//evil.example", "/.//evil.example", "/／evil.example"),
    *("https://localhost@evil.example/", "//localhost.evil.example", "http://evil.example\\@localhost/"),
    *("//evil。example", "/\u2028/evil.example", "/" * 4000 + "evil.example", "//℀.example"),
)
HOSTS = ("evil.example", "localhost.evil.example:80", "evil.example:99999", "[", "a b", "evil.example/x?")
SPOKEN_FOR = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "99",
    "X-Forwarded-Server": "evil.example",
    "X-Original-URL": "/admin/users",
    "X-Rewrite-URL": "/admin/users",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
}


def stays(location: str | None) -> bool:
    """Whether a browser that follows this stays on the site."""
    assert location is not None
    bare = location.replace("\\", "/")
    parts = urlsplit(bare)
    calm = not any(ord(letter) <= 32 for letter in location)
    return (
        calm and not parts.scheme and not parts.netloc and bare.startswith("/") and not bare.startswith("//")
    )


def sent(client: FlaskClient, path: str, place: Place, **form: str) -> str | None:
    answer = client.post(path, data={"csrf_token": place.csrf, **form})
    assert answer.status_code == 302, (answer.status_code, form)
    return answer.location


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_way_leads_to_another_site(place: Place, target: str) -> None:
    inside = place.client("A.staff")
    answer = inside.get("/login", query_string={"next": target})
    assert answer.status_code == 302
    assert stays(answer.location)
    assert stays(sent(inside, "/locale", place, locale="zh_CN", next=target))
    name = place.district.users["A.staff"]
    fresh = place.client()
    assert stays(sent(fresh, "/login", place, username=name, password=PASSWORD, next=target))


@pytest.mark.parametrize(
    "target", [*ELSEWHERE, "http://localhost//evil.example", "http://localhost/\\evil.example"]
)
def test_a_referring_page_of_another_site_is_no_way_back(place: Place, target: str) -> None:
    header = {"HTTP_REFERER": target.encode().decode("latin-1").replace("\r", "").replace("\n", "")}
    form = {"csrf_token": place.csrf, "locale": "zh_CN"}
    answer = place.client().post("/locale", data=form, environ_base=header)
    assert (answer.status_code, stays(answer.location)) == (302, True)
    refused = place.client().post("/profile/mail", data=form, environ_base=header)
    assert (refused.status_code, stays(refused.location)) == (302, True)


@pytest.mark.parametrize("said", [{"Host": host} for host in HOSTS] + [SPOKEN_FOR], ids=str)
def test_what_a_caller_calls_the_site_is_never_repeated(place: Place, said: dict[str, str]) -> None:
    for name, paths in PAGES.items():
        client = place.client(name)
        for path in paths:
            answer = client.get(path, headers=said)
            assert answer.status_code < 500, (path, said)
            repeated = f"{answer.get_data(as_text=True)}{answer.headers}"
            assert "evil" not in repeated, (path, said)


PAGES = {
    "": (
        "/",
        "/login",
        "/profile",
        "/auctions",
        "/auctions/feed.atom",
        "/sitemap.xml",
        "/auctions.json",
        "/nowhere",
    ),
    "A.officer": ("/", "/assets", "/assets/new", "/a/1", "/assets/labels?ids=1", "/login?next=/profile"),
}


@pytest.mark.parametrize("near", [0, 1])
def test_only_a_named_number_of_proxies_is_believed(place: Place, near: int) -> None:
    """A proxy says by which protocol and from where; never which host, and never more than its share."""
    settings = dataclasses.replace(place.settings, trusted_proxies=near)
    finder = place.app.extensions["gwc"].finder
    app = create_app(settings, finder, clock=place.clock, testing=True)
    seen: list[tuple[str, bool, str | None]] = []
    app.before_request(lambda: seen.append((request.host, request.is_secure, request.remote_addr)))
    chain = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
    app.test_client().get("/login", headers={**SPOKEN_FOR, **chain})
    assert seen == [("localhost", bool(near), "203.0.113.7" if near else "127.0.0.1")]
    app.extensions["gwc"].close()
