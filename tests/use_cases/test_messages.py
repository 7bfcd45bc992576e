"""Telling users, and what they do with what they were told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import event, func, insert, select, text
from sqlalchemy.orm import Session

from marketplace.db.messages import Mail, Message
from marketplace.db.people import Unit, User, users_with
from marketplace.domain.errors import NotFound
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import messages
from marketplace.use_cases.messages import PAGE, Show
from tests import factories
from tests.conftest import NOW

LATER = NOW + dt.timedelta(hours=1)


@dataclass
class Office:
    """One unit and three of its people; one has no mail address, one is not active."""

    session: Session
    unit: Unit
    wang: User
    silent: User
    gone: User

    def tell(self, *users: User, kind: str = "order.to_decide", **options: object) -> None:
        values: dict[str, object] = {"number": "DB2026090001", "order_kind": "transfer", "things": ["办公桌"]}
        if kind == "order.to_decide":
            values |= {"receiver": "第一中学", "until": dt.date(2026, 9, 4)}
        link = str(options.pop("link", "/orders/7"))
        ids = [user.id for user in users]
        messages.tell(self.session, NOW, ids, kind, link=link, **(values | options))  # type: ignore[arg-type]


@pytest.fixture
def office(session: Session) -> Office:
    unit = factories.unit(session)
    return Office(
        session,
        unit,
        factories.user(session, unit, name="王芳", email="wang@example.org"),
        factories.user(session, unit),
        factories.user(session, unit, email="gone@example.org", active=False),
    )


def me(user: User) -> Actor:
    return Actor(user_id=user.id, name=user.name)


def told(session: Session) -> list[int]:
    return list(session.scalars(select(Message.user_id).order_by(Message.id)))


def ids_of(session: Session, user: User, show: Show = Show.ALL) -> list[int]:
    return [message.id for message in messages.search(session, me(user), show)[0]]


def test_everyone_is_told_once_and_mailed_where_there_is_an_address(office: Office) -> None:
    office.tell(office.wang, office.silent, office.gone, office.wang)
    assert sorted(told(office.session)) == sorted([office.wang.id, office.silent.id])
    mailed = select(Message.user_id).join(Mail, Mail.message_id == Message.id)
    assert office.session.scalars(mailed).all() == [office.wang.id]


def test_a_message_keeps_what_its_texts_need(office: Office) -> None:
    office.tell(office.wang)
    [message] = messages.search(office.session, me(office.wang))[0]
    assert (message.kind, message.link, message.needs_action) == ("order.to_decide", "/orders/7", True)
    assert message.params["until"] == "2026-09-04"
    assert message.params["things"] == {"first": "办公桌", "count": 1}
    assert (message.created_at, message.read_at) == (NOW, None)


def test_whoever_did_it_is_not_told(office: Office) -> None:
    office.tell(office.wang, office.silent, besides=office.wang.id)
    assert told(office.session) == [office.silent.id]


def test_nobody_to_tell_is_nothing_to_do(office: Office) -> None:
    office.tell()
    assert told(office.session) == []


def test_what_is_told_once_is_not_told_again(office: Office) -> None:
    office.tell(office.wang, once="due:7")
    office.tell(office.wang, office.silent, once="due:7")
    office.tell(office.wang, once="due:8")
    assert told(office.session) == [office.wang.id, office.silent.id, office.wang.id]
    assert office.session.scalar(select(func.count(Mail.message_id))) == 2


def test_telling_again_is_right_where_nothing_says_otherwise(office: Office) -> None:
    office.tell(office.wang)
    office.tell(office.wang)
    assert told(office.session) == [office.wang.id] * 2


def test_telling_many_is_one_statement(office: Office) -> None:
    users = [factories.user(office.session, office.unit, email="a@example.org") for _ in range(40)]
    statements: list[str] = []
    connection = office.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2]))
    office.tell(*users)
    assert len(statements) == 1
    assert len(told(office.session)) == 40


def test_what_the_texts_do_not_name_is_refused(office: Office) -> None:
    with pytest.raises(TypeError, match=r"order\.expired"):
        office.tell(office.wang, kind="order.expired", reason="x")
    assert told(office.session) == []


def test_only_the_own_unread_messages_count(office: Office) -> None:
    for _ in range(3):
        office.tell(office.wang, office.silent)
    [newest, *_] = ids_of(office.session, office.wang)
    assert messages.mark_read(office.session, me(office.wang), LATER, newest) == "/orders/7"
    assert messages.unread_count(office.session, office.wang.id) == 2
    assert messages.unread_count(office.session, office.silent.id) == 3
    assert ids_of(office.session, office.wang, Show.UNREAD) == ids_of(office.session, office.wang)[1:]


def test_a_message_stays_read_since_it_was_read_first(office: Office) -> None:
    office.tell(office.wang)
    [only] = ids_of(office.session, office.wang)
    messages.mark_read(office.session, me(office.wang), NOW, only)
    messages.mark_read(office.session, me(office.wang), LATER, only)
    assert office.session.scalar(select(Message.read_at)) == NOW
    messages.mark_unread(office.session, me(office.wang), only)
    assert office.session.scalar(select(Message.read_at)) is None


def test_others_messages_do_not_exist(office: Office) -> None:
    office.tell(office.wang)
    [only] = ids_of(office.session, office.wang)
    stranger = me(office.silent)
    assert ids_of(office.session, office.silent) == []
    with pytest.raises(NotFound):
        messages.mark_read(office.session, stranger, NOW, only)
    with pytest.raises(NotFound):
        messages.mark_unread(office.session, stranger, only)
    assert messages.mark_all_read(office.session, stranger, NOW) == 0
    assert office.session.scalar(select(Message.read_at)) is None


def test_marking_all_read_can_be_undone_and_touches_nothing_else(office: Office) -> None:
    for _ in range(3):
        office.tell(office.wang, office.silent)
    newest, *others = ids_of(office.session, office.wang)
    messages.mark_read(office.session, me(office.wang), NOW, newest)
    assert messages.mark_all_read(office.session, me(office.wang), LATER) == 2
    assert messages.unread_count(office.session, office.wang.id) == 0
    assert messages.unread_count(office.session, office.silent.id) == 3
    assert messages.unmark_all_read(office.session, me(office.silent), LATER) == 0
    assert messages.unmark_all_read(office.session, me(office.wang), LATER) == 2
    assert ids_of(office.session, office.wang, Show.UNREAD) == others


def test_what_was_settled_asks_for_nothing_any_more(office: Office) -> None:
    office.tell(office.wang, office.silent)
    office.tell(office.wang, link="/orders/8")
    office.tell(office.wang, kind="order.expired")
    assert len(ids_of(office.session, office.wang, Show.ACTION)) == 2
    messages.settle(office.session, "/orders/7", [office.silent.id])
    assert ids_of(office.session, office.silent, Show.ACTION) == []
    assert len(ids_of(office.session, office.wang, Show.ACTION)) == 2
    messages.settle(office.session, "/orders/7")
    [left], _ = messages.search(office.session, me(office.wang), Show.ACTION)
    assert left.link == "/orders/8"
    assert len(ids_of(office.session, office.wang)) == 3


def test_pages_go_through_all_messages_once_newest_first(office: Office) -> None:
    for _ in range(PAGE * 2):
        office.tell(office.wang)
    seen: list[int] = []
    before: int | None = None
    pages = 0
    while pages == 0 or before is not None:
        page, before = messages.search(office.session, me(office.wang), before=before)
        seen += [message.id for message in page]
        # Somebody is told something meanwhile.
        office.tell(office.wang)
        pages += 1
    # Two full pages, and nothing leads to an empty third one.
    assert pages == 2
    assert len(seen) == PAGE * 2
    assert seen == sorted(set(seen), reverse=True)


def test_counting_stops_where_the_bell_does(office: Office) -> None:
    row = {"user_id": office.wang.id, "kind": "x", "params": {}, "link": "/", "needs_action": False}
    rows = [row | {"created_at": NOW}] * (messages.MOST_COUNTED + 20)
    office.session.execute(insert(Message), rows)
    assert messages.unread_count(office.session, office.wang.id) == messages.MOST_COUNTED


QUESTIONS: dict[str, Callable[[Session, Actor], object]] = {
    "Index Only Scan using ix_messages_unread": lambda session, who: messages.unread_count(
        session, who.user_id or 0
    ),
    "Index Scan Backward using ix_messages_user": messages.search,
    "Index Scan Backward using ix_messages_unread": lambda session, who: messages.search(
        session, who, Show.UNREAD
    ),
    "Index Scan Backward using ix_messages_action": lambda session, who: messages.search(
        session, who, Show.ACTION
    ),
    "Index Scan using ix_messages_link": lambda session, _who: messages.settle(session, "/orders/40"),
}


def test_among_100_000_messages_each_question_has_its_index(office: Office) -> None:
    people = [factories.user(office.session, office.unit).id for _ in range(100)]
    office.session.execute(
        text(
            "INSERT INTO messages (user_id, kind, params, link, needs_action, created_at, read_at)"
            " SELECT :first + n % 100, 'order.expired', '{}', '/orders/' || n, n % 20 = 0, now(),"
            " CASE WHEN n % 9 > 0 THEN now() END FROM generate_series(1, 100000) n"
        ),
        {"first": people[0]},
    )
    # What autovacuum does later: rows this fresh would have it prefer another way to the same index.
    for statement in ("ANALYZE messages", "SET LOCAL enable_bitmapscan = off"):
        office.session.execute(text(statement))
    connection = office.session.connection()
    asked: list[tuple[str, dict[str, object]]] = []
    event.listen(connection, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    for wanted, ask in QUESTIONS.items():
        asked.clear()
        ask(office.session, Actor(user_id=people[3], name=""))
        [(question, values)] = asked
        plan = connection.exec_driver_sql(f"EXPLAIN {question}", values).scalars().all()
        assert wanted in "\n".join(plan)


@pytest.mark.parametrize("role", list(Role))
def test_users_with_a_role_are_those_who_hold_it(session: Session, role: Role) -> None:
    """``users_with`` in the database and ``Actor.holds`` in the rules say the same."""
    region = factories.unit(session)
    department = factories.unit(session, region)
    units = [region, department, factories.unit(session, department), factories.unit(session, region)]
    people = []
    for at in units:
        for granted in (Role.STAFF, Role.UNIT_APPROVER, role):
            account = factories.user(session, at, granted)
            people.append((account.id, factories.actor((granted, at), user=account)))
    factories.user(session, region, role, active=False)
    for unit in units:
        holders = [user_id for user_id, actor in people if actor.holds(role, unit.path)]
        assert users_with(session, role, unit.id) == sorted(holders)
        assert holders
