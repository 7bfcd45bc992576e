"""消息 and the bell on every page."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from sqlalchemy import event, select, update

from marketplace.app import Application
from marketplace.db.messages import Mail, MailState, Message
from marketplace.db.people import User
from marketplace.db.session import transaction
from marketplace.domain.accounts import IDLE_SIGN_OUT
from marketplace.domain.permissions import Role
from marketplace.use_cases import messages
from marketplace.use_cases.messages import PAGE
from tests.conftest import NOW
from tests.web.conftest import Visitor, World

INBOX = "/messages"
PART = {"HX-Request": "true"}
BELL = re.compile(
    r'id="bell-count">(?:<span class="nav-count"><span[^>]*>未读 </span>([^<]+)</span>)?</span>'
)


class Reader:
    """Somebody who is signed in and is told things."""

    def __init__(self, world: World, role: Role = Role.STAFF, *, email: str = "wang@example.org") -> None:
        self.world = world
        name = world.account(role, email=email)
        self.visitor: Visitor = world.visitor()
        self.visitor.enter(name)
        with world.sessions() as session:
            self.id = session.scalars(select(User.id).where(User.username == name)).one()

    def told(
        self, kind: str = "order.expired", *, link: str = "/search", number: str = "DB2026090001"
    ) -> int:
        values: dict[str, object] = {"number": number, "order_kind": "transfer", "things": ["办公桌"]}
        if kind == "order.to_decide":
            values |= {"receiver": "第一中学", "until": dt.date(2026, 9, 4)}
        with transaction(self.world.sessions) as session:
            messages.tell(session, NOW, [self.id], kind, link=link, **values)
            return session.scalars(select(Message.id).order_by(Message.id.desc()).limit(1)).one()

    def unread(self) -> int:
        with self.world.sessions() as session:
            return messages.unread_count(session, self.id)

    def bell(self, path: str = INBOX) -> str | None:
        found = BELL.search(self.visitor.get(path).text)
        assert found is not None
        return found[1]


@pytest.fixture
def reader(world: World) -> Reader:
    return Reader(world)


def titles(page: str) -> list[str]:
    return [
        unescape(title)
        for title in re.findall(r'class="told-title"[^>]*>(?:<span[^>]*>[^<]*</span>)?([^<]+)<', page)
    ]


def test_messages_are_shown_newest_first_with_what_is_new_and_what_waits(reader: Reader) -> None:
    read = reader.told(number="DB2026090001")
    reader.visitor.get(f"{INBOX}/{read}")
    reader.told("order.to_decide", link="/orders/7")
    page = reader.visitor.get(INBOX).text
    assert titles(page) == ["待审批：第一中学申请调剂“办公桌”", "DB2026090001已失效"]
    assert page.count("told is-unread") == 1
    assert page.count("需办理</span>") == 1
    assert "请最迟2026年9月4日审批" in page
    assert "并发邮件到wang@example.org" in page


def test_the_same_message_in_the_readers_language(reader: Reader) -> None:
    reader.told("order.to_decide")
    with transaction(reader.world.sessions) as session:
        session.execute(update(User).values(locale="en"))
    page = reader.visitor.get(INBOX).text
    assert '<html lang="en"' in page
    assert "2026年9月4日" not in page
    assert "September 4, 2026" in page


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        ("", ["new", "asking", "read"]),
        ("unread", ["new", "asking"]),
        ("action", ["asking"]),
        ("nonsense", ["new", "asking", "read"]),
    ],
)
def test_the_list_can_be_narrowed(reader: Reader, show: str, shown: list[str]) -> None:
    told = {reader.told(): "read", reader.told("order.to_decide"): "asking", reader.told(): "new"}
    reader.visitor.get(f"{INBOX}/{min(told)}")
    page = reader.visitor.get(f"{INBOX}?show={show}").text
    assert [told[int(found)] for found in re.findall(r'id="message-(\d+)"', page)] == shown


@pytest.mark.parametrize(
    ("show", "text"), [("", "还没有消息"), ("unread", "没有未读的消息"), ("action", "没有等您办理的事")]
)
def test_an_empty_list_says_so(reader: Reader, show: str, text: str) -> None:
    assert text in reader.visitor.get(f"{INBOX}?show={show}").text


def test_without_an_address_the_page_says_that_no_mail_comes(world: World) -> None:
    assert "没有登记邮箱" in Reader(world, email="").visitor.get(INBOX).text


def test_following_a_message_marks_it_read(reader: Reader) -> None:
    message = reader.told(link="/search?q=办公桌")
    answer = reader.visitor.get(f"{INBOX}/{message}")
    assert (answer.status_code, unescape(answer.location)) == (302, "/search?q=%E5%8A%9E%E5%85%AC%E6%A1%8C")
    assert reader.unread() == 0


def test_one_message_can_be_put_away_and_kept_for_later(reader: Reader) -> None:
    message = reader.told()
    reader.visitor.get(INBOX)
    answer = reader.visitor.post(f"{INBOX}/{message}/read?show=unread")
    assert answer.location == f"{INBOX}?show=unread#message-{message}"
    assert reader.unread() == 0
    assert reader.visitor.post(f"{INBOX}/{message}/unread").location == f"{INBOX}#message-{message}"
    assert reader.unread() == 1


def test_everything_can_be_marked_read_and_that_undone_once(reader: Reader) -> None:
    for _ in range(3):
        reader.told()
    reader.visitor.get(INBOX)
    assert reader.visitor.post(f"{INBOX}/read?show=action").location == f"{INBOX}?show=action"
    page = reader.visitor.get(INBOX).text
    assert "已将3条消息标为已读" in page
    assert "全部标为已读" not in page
    found = re.search(r'name="moment" value="([^"]+)"', page)
    assert found is not None
    assert 'name="moment"' not in reader.visitor.get(INBOX).text
    reader.world.clock.advance(minutes=1)
    reader.visitor.get(f"{INBOX}/{reader.told()}")
    assert reader.unread() == 0
    reader.visitor.post(f"{INBOX}/read/undo", {"moment": unescape(found[1])})
    assert reader.unread() == 3


def test_undoing_needs_a_moment(reader: Reader) -> None:
    reader.visitor.get(INBOX)
    assert reader.visitor.post(f"{INBOX}/read/undo", {"moment": "yesterday"}).status_code == 400


@pytest.mark.parametrize("path", ["{id}", "{id}/read", "{id}/unread"])
def test_nobody_reaches_the_messages_of_others(world: World, reader: Reader, path: str) -> None:
    message = reader.told()
    stranger = world.signed_in(Role.SYSTEM_ADMINISTRATOR)
    address = f"{INBOX}/{path.format(id=message)}"
    answer = stranger.post(address) if "/" in path else stranger.get(address)
    assert answer.status_code == 404
    assert titles(stranger.get(INBOX).text) == []
    stranger.post(f"{INBOX}/read")
    assert reader.unread() == 1


def test_a_mail_that_was_given_up_is_shown(reader: Reader) -> None:
    reader.told()
    assert "邮件没有送达" not in reader.visitor.get(INBOX).text
    with transaction(reader.world.sessions) as session:
        session.execute(update(Mail).values(state=MailState.FAILED))
    assert "邮件没有送达" in reader.visitor.get(INBOX).text


def test_long_lists_go_on_to_the_end_without_gaps(reader: Reader) -> None:
    for number in range(PAGE + 3):
        reader.told("order.to_decide", number=f"{number:02d}")
    path, seen = f"{INBOX}?show=action", list[str]()
    while path:
        page = reader.visitor.get(path).text
        seen += re.findall(r'id="message-(\d+)"', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(following[1]) if following else ""
    assert len(seen) == len(set(seen)) == PAGE + 3


def test_every_page_has_a_bell_with_the_count(reader: Reader) -> None:
    assert reader.bell("/search") is None
    reader.told()
    reader.told()
    assert [reader.bell(path) for path in ("/search", "/profile", INBOX, "/assets/999999")] == ["2"] * 4
    assert 'id="tab-bell-count"><span class="nav-count">' in reader.visitor.get("/search").text


def test_a_bell_that_rings_for_long_stops_counting(reader: Reader) -> None:
    for _ in range(messages.MOST_COUNTED):
        reader.told()
    assert reader.bell() == "99+"


def test_who_is_not_signed_in_has_no_bell(world: World) -> None:
    assert "bell-count" not in world.visitor().get("/login").text


def test_counting_costs_one_query_and_parts_of_pages_none(world: World, app: Application) -> None:
    # Somebody with no inbox, which has a count of its own.
    reader = Reader(world, Role.AUDITOR)
    reader.told()
    asked: list[str] = []

    def note(*_: object) -> None:
        asked.append("lookup")

    pool = app.extensions["gwc"].lookup.pool
    event.listen(pool, "checkout", note)
    reader.visitor.get("/profile")
    # One to know who asks, one for the bell.
    assert asked == ["lookup"] * 2
    asked.clear()
    reader.visitor.get("/profile", headers=PART)
    assert asked == ["lookup"]
    event.remove(pool, "checkout", note)


def test_open_pages_bring_the_count_up_to_date(reader: Reader) -> None:
    page = reader.visitor.get("/search").text
    assert f'hx-get="{INBOX}/count" hx-trigger="every 60s"' in page
    reader.told()
    answer = reader.visitor.get(f"{INBOX}/count", headers=PART)
    assert BELL.search(answer.text)[1] == "1"  # type: ignore[index]
    assert 'id="tab-bell-count" hx-swap-oob="true"' in answer.text
    assert "<html" not in answer.text


def test_asking_for_the_count_keeps_nobody_signed_in_and_takes_nobody_away(reader: Reader) -> None:
    reader.told()
    for _ in range(3):
        reader.world.clock.advance(seconds=IDLE_SIGN_OUT.total_seconds() / 2 - 1)
        answer = reader.visitor.get(f"{INBOX}/count", headers=PART)
    assert (answer.status_code, answer.text, answer.headers.get("HX-Redirect")) == (204, "", None)
    assert reader.visitor.get(INBOX).location.startswith("/login")


def test_figures_tell_of_mails_that_wait_and_that_were_given_up(reader: Reader) -> None:
    reader.told()
    reader.told()
    with transaction(reader.world.sessions) as session:
        first = session.scalars(select(Mail).order_by(Mail.message_id).limit(1)).one()
        first.state = MailState.FAILED
    figures = reader.visitor.get("/metrics").text
    assert 'gwc_mails{state="waiting"} 1.0' in figures
    assert 'gwc_mails{state="failed"} 1.0' in figures


def test_one_mail_a_day_can_be_chosen_and_given_up_again(world: World) -> None:
    reader = Reader(world)
    reader.visitor.get("/profile")
    for daily, mails in (("1", 0), ("", 1)):
        answer = reader.visitor.post("/profile/mail", {"daily": daily}, follow_redirects=True)
        assert ("所有消息合为一封" in answer.text) == (daily == "1")
        reader.told()
        with world.sessions() as session:
            assert len(session.scalars(select(Mail)).all()) == mails
