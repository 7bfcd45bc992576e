"""A mail as it goes out: plain text and HTML, in its reader's language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from jinja2 import Environment, FileSystemLoader

from marketplace.config import ROOT
from marketplace.domain.text import N_
from marketplace.texts import Texts

_templates = Environment(
    loader=FileSystemLoader(ROOT / "templates" / "mail"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Item:
    """One of several things that a mail tells, with the whole address of where it is dealt with."""

    title: str
    body: str
    link: str


@dataclass(frozen=True, slots=True)
class Section:
    """Those of them that belong together."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, and to whom."""

    serial: int | str
    """One for each letter of this installation; the same when it is sent again."""
    written_at: dt.datetime
    name: str
    address: str
    title: str
    body: str
    link: str
    """Whole address of the page where it is dealt with."""
    needs_action: bool
    texts: Texts
    sections: tuple[Section, ...] = ()
    """Of a mail that tells several things."""


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The mail, the same to the last byte each time: who gets it twice can tell by its Message-ID.

    ``sender`` is an address, or a name and an address.

    Raises:
        ValueError: an address is none.
    """
    own_name, own_address = parseaddr(sender)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _mailbox(own_name or letter.texts.translate(N_("公物仓")), own_address)
    mail["To"] = _mailbox(letter.name, letter.address)
    mail["Subject"] = one_line(letter.title)
    mail["Date"] = format_datetime(letter.written_at)
    mail["Message-ID"] = f"<{name_of(letter)}@{own_address.rpartition('@')[2]}>"
    # Keeps absence notes and other robots from answering (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    words = _words(letter)
    mail.set_content(_plain(letter, words))
    html = _templates.get_template("letter.html").render(letter=letter, words=words)
    mail.add_alternative(html, subtype="html")
    mail["Content-Language"] = letter.texts.tag
    mail.set_boundary(f"part-of-{name_of(letter)}")
    return mail


def name_of(letter: Letter) -> str:
    """What tells this letter from all others; sorts by time."""
    return f"{letter.written_at:%Y%m%dT%H%M%S}.{letter.serial}"


def one_line(text: str) -> str:
    """Text without line breaks: in a header, what follows one would be a header of its own."""
    return " ".join(text.split())


def _mailbox(name: str, address: str) -> Address:
    return Address(display_name=one_line(name), addr_spec=address)


def _words(letter: Letter) -> dict[str, str]:
    translate = letter.texts.translate
    return {
        "hello": translate(N_("%(name)s，您好：")) % {"name": letter.name},
        "open": translate(N_("前往办理") if letter.needs_action else N_("查看详情")),
        "why": translate(N_("这封邮件由公物仓自动发出，请勿回复。收件地址可请本单位安全管理员修改。")),
    }


def _plain(letter: Letter, words: dict[str, str]) -> str:
    told = [
        part
        for section in letter.sections
        for part in (f"== {section.title} ==", *map(_plain_item, section.items))
    ]
    end = (f"{words['open']}\n{letter.link}", f"-- \n{words['why']}")
    return "\n\n".join((words["hello"], letter.title, letter.body, *told, *end))


def _plain_item(item: Item) -> str:
    return f"* {item.title}\n{item.body}\n{item.link}"
