"""A mail says the same twice, in its reader's language, and lets nobody smuggle headers in."""

from __future__ import annotations

import dataclasses
import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import cast

import pytest

from marketplace.mail.letters import Letter, compose
from marketplace.texts import Texts
from tests.conftest import NOW

LETTER = Letter(
    serial=12,
    written_at=NOW,
    name="王芳",
    address="wang.fang@example.org",
    title="待审批：第一中学申请调剂“办公桌”",
    body="申请单DB2026090001已到您这一步，请最迟2026年9月4日审批。",
    link="https://gwc.example.org/messages/12",
    needs_action=True,
    texts=Texts("zh_CN"),
)
SENDER = "gwc@example.org"


def received(letter: Letter, sender: str = SENDER) -> EmailMessage:
    """The mail as a mail program reads it."""
    parser = BytesParser(policy=email.policy.default)
    return cast(EmailMessage, parser.parsebytes(compose(letter, sender).as_bytes()))


def text_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_headers_say_who_what_when() -> None:
    mail = received(LETTER)
    assert mail["From"] == "公物仓 <gwc@example.org>"
    assert mail["To"] == "王芳 <wang.fang@example.org>"
    assert mail["Subject"] == LETTER.title
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == "<20260901T020000.12@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "zh-CN"


def test_a_name_for_the_sender_can_be_given() -> None:
    assert received(LETTER, "江州公物仓 <gwc@example.org>")["From"] == "江州公物仓 <gwc@example.org>"


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_forms_say_it_all(kind: str) -> None:
    text = text_of(received(LETTER), kind)
    for words in ("王芳，您好：", LETTER.title, LETTER.body, LETTER.link, "前往办理"):
        assert words in text
    assert 'lang="zh-CN"' in text or kind == "plain"


def test_what_only_informs_asks_for_nothing() -> None:
    text = text_of(received(dataclasses.replace(LETTER, needs_action=False)), "plain")
    assert "查看详情" in text
    assert "前往办理" not in text


def test_the_same_letter_is_the_same_mail_to_the_last_byte() -> None:
    assert compose(LETTER, SENDER).as_bytes() == compose(LETTER, SENDER).as_bytes()


@pytest.mark.parametrize("separator", ["\r\n", "\n", "\r", "\u2028", "\x85"])
@pytest.mark.parametrize("field", ["title", "name"])
def test_line_breaks_make_no_headers(field: str, separator: str) -> None:
    smuggled = f"办公桌{separator}Bcc: everybody@example.org"
    mail = received(dataclasses.replace(LETTER, **{field: smuggled}))
    assert mail["Bcc"] is None
    assert len(mail["To"].addresses) == 1
    assert "办公桌 Bcc: everybody@example.org" in (mail["Subject"], mail["To"].addresses[0].display_name)


@pytest.mark.parametrize(
    "address",
    ["", "wang", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "王芳 <a@b>"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Exception, match=r".+"):
        compose(dataclasses.replace(LETTER, address=address), SENDER)


def test_names_of_things_are_no_markup() -> None:
    html = text_of(received(dataclasses.replace(LETTER, title="<script>alert(1)</script>")), "html")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
