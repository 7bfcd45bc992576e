"""Words put into templates when they are compiled read as if they were looked up with each answer."""

from __future__ import annotations

import pytest
from flask import Flask, render_template
from jinja2 import DictLoader
from markupsafe import Markup

from marketplace.edge.i18n import init_i18n
from marketplace.web.environment import Environment

TEMPLATES = {
    "page.html": "{% include 'part.html' %}",
    "part.html": (
        "{{ _('原值') }}|{{ _(word) }}|{{ _('又称%(name)s', name=name) }}|{{ '<i>' }}|{{ _('在 <b> 中 %%') }}"
    ),
    "plain.txt": "{{ _('又称%(name)s', name='<b>') }}",
}


class Small(Flask):
    jinja_environment = Environment


@pytest.fixture
def templates() -> Flask:
    app = Small(__name__)
    init_i18n(app)
    app.jinja_env.loader = DictLoader(TEMPLATES)
    return app


@pytest.mark.parametrize("name", ["a & b", Markup("<i>a</i>")])
def test_each_language_has_its_own_words_in_turn(templates: Flask, name: str) -> None:
    shown = "a &amp; b" if name == "a & b" else name
    for _ in range(2):
        for language, value, known in (
            ("zh_CN", "原值", f"又称{shown}"),
            ("en", "Original value", f"Also called {shown}"),
        ):
            with templates.test_request_context(headers={"Cookie": f"locale={language}"}):
                said = render_template("page.html", word="原值", name=name)
            assert said == f"{value}|{value}|{known}|&lt;i&gt;|在 <b> 中 %"


def test_a_text_that_is_no_page_is_not_escaped(templates: Flask) -> None:
    with templates.test_request_context():
        assert render_template("plain.txt") == "又称<b>"
