"""The mail of the day: everything in one, what is asked for first, in its reader's language, and once."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from marketplace.config import Settings
from marketplace.db.messages import Digest, Mail, MailState, Message
from marketplace.db.people import Unit, User
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.reminders import MOST_IN_DIGEST
from marketplace.mail.carriers import FolderCarrier
from marketplace.use_cases import digests, mailing, messages
from marketplace.use_cases.mailing import Outcome
from tests import factories
from tests.conftest import NOW
from tests.mail.mail_server import Delivered, Manners, mail_server
from tests.use_cases.test_mailing import plain, to_server

TODAY = NOW.date()
DAY = dt.timedelta(days=1)
LOAN: dict[str, object] = {
    "number": "JY2026090001",
    "things": ["投影仪"],
    "giver": "第一中学",
    "ends_on": dt.date(2026, 9, 8),
}


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a folder of this test's own."""
    return dataclasses.replace(settings, home=tmp_path, public_url="https://gwc.example.org")


def reader(sessions: SessionFactory, **values: object) -> int:
    """Somebody with an address."""
    with transaction(sessions) as session:
        unit = session.scalars(select(Unit)).first() or factories.unit(session)
        return factories.user(session, unit, name="王芳", **{"email": "wang@example.org"} | values).id


def tell(sessions: SessionFactory, user: int, kind: str, now: dt.datetime = NOW, **values: object) -> None:
    with transaction(sessions) as session:
        messages.tell(session, now, [user], kind, link="/orders/7", **values)  # type: ignore[arg-type]


def gather(sessions: SessionFactory, now: dt.datetime = NOW) -> int:
    with transaction(sessions) as session:
        return digests.gather(session, now, now.date())


def send(sessions: SessionFactory, own: Settings, now: dt.datetime = NOW) -> list[Delivered]:
    with mail_server() as server:
        mailing.send_due(sessions, own, to_server(server.port), now)
        return list(server.delivered)


def test_what_the_clock_finds_comes_in_one_mail_and_what_people_do_at_once(
    sessions: SessionFactory, own: Settings
) -> None:
    user = reader(sessions)
    tell(sessions, user, "loan.overdue_lent", receiver="第二中学", **_without("giver"))
    tell(sessions, user, "loan.due_soon", **LOAN)
    tell(sessions, user, "idle.reminder", unit="第一中学", count=3, until=TODAY)
    tell(sessions, user, "order.expired", number="DB1", order_kind="transfer", things=["办公桌"])
    assert gather(sessions) == 1
    single, daily = send(sessions, own)
    assert single.mail["Subject"] == "DB1已失效"
    assert daily.mail["Subject"] == "每日汇总：2件待办，1条消息"
    text = plain(daily)
    with sessions() as session:
        numbers = session.scalars(select(Message.id).order_by(Message.id)).all()
    lent, due, idle = (f"/messages/{number}" for number in numbers[:3])
    places = [
        text.index(words)
        for words in (
            *("请您办理：借用", "“投影仪”将于2026年9月8日到期", due),
            *("请您办理：闲置和上架", "第一中学还有3项疑似闲置资产没有答复", idle),
            *("供您了解：借用", "第二中学逾期未还", lent, "https://gwc.example.org/inbox"),
        )
    ]
    assert places == sorted(places)
    html = daily.mail.get_body(("html",))
    assert html is not None
    assert f'href="https://gwc.example.org{due}"' in html.get_content()
    assert send(sessions, own, NOW + DAY) == []


def _without(name: str) -> dict[str, object]:
    return {key: value for key, value in LOAN.items() if key != name}


def test_there_is_one_a_day_and_what_comes_later_waits(sessions: SessionFactory, own: Settings) -> None:
    user = reader(sessions)
    tell(sessions, user, "loan.due_soon", **LOAN)
    assert gather(sessions) == 1
    tell(sessions, user, "loan.due_soon", **LOAN | {"number": "JY2"})
    assert gather(sessions) == 0
    assert len(send(sessions, own)) == 1
    assert gather(sessions, NOW + DAY) == 1
    [second] = send(sessions, own, NOW + DAY)
    assert "JY2" in plain(second)
    assert "JY2026090001" not in plain(second)
    assert gather(sessions, NOW + 2 * DAY) == 0


def test_who_wants_it_gets_everything_in_the_mail_of_the_day(sessions: SessionFactory) -> None:
    user = reader(sessions, daily_mail=True)
    tell(sessions, user, "order.expired", number="DB1", order_kind="transfer", things=["办公桌"])
    with sessions() as session:
        assert session.scalar(select(func.count(Mail.message_id))) == 0
    assert gather(sessions) == 1


def test_without_an_address_there_is_no_mail(sessions: SessionFactory) -> None:
    user = reader(sessions, email="")
    tell(sessions, user, "loan.due_soon", **LOAN)
    assert gather(sessions) == 0


@pytest.mark.parametrize("done", [{"read_at": NOW}, {"needs_action": False}])
def test_what_was_read_or_done_meanwhile_is_left_out_for_good(
    sessions: SessionFactory, own: Settings, done: dict[str, object]
) -> None:
    user = reader(sessions)
    tell(sessions, user, "loan.due_soon", **LOAN)
    gather(sessions)
    with transaction(sessions) as session:
        session.execute(update(Message).values(**done))
    carrier = FolderCarrier(own.mail_dir)
    assert mailing.send_due(sessions, own, carrier, NOW) == {Outcome.DROPPED: 1}
    assert gather(sessions, NOW + DAY) == 0
    assert not list(own.mail_dir.iterdir())


def test_who_left_meanwhile_gets_none(sessions: SessionFactory, own: Settings) -> None:
    tell(sessions, reader(sessions), "loan.due_soon", **LOAN)
    gather(sessions)
    with transaction(sessions) as session:
        session.execute(update(User).values(active=False))
    assert mailing.send_due(sessions, own, FolderCarrier(own.mail_dir), NOW) == {Outcome.DROPPED: 1}


def test_it_is_in_the_language_of_its_reader_and_tells_how_much_more_there_is(
    sessions: SessionFactory, own: Settings
) -> None:
    user = reader(sessions, locale="en")
    for number in range(MOST_IN_DIGEST + 3):
        tell(sessions, user, "loan.due_soon", **LOAN | {"number": f"JY{number}"})
    gather(sessions)
    [mail] = send(sessions, own)
    assert mail.mail["Content-Language"] == "en"
    assert "September 8, 2026" in plain(mail)
    assert plain(mail).count("/messages/") == MOST_IN_DIGEST
    assert "3" in plain(mail).split("==")[0]


def test_a_refused_one_is_tried_again_and_its_failure_shows_with_each_message(
    sessions: SessionFactory, own: Settings
) -> None:
    user = reader(sessions)
    tell(sessions, user, "loan.due_soon", **LOAN)
    gather(sessions)
    with mail_server(Manners(refused={"wang@example.org": "550 no such mailbox"})) as server:
        now = NOW
        for pause in mailing.RETRY_AFTER:
            assert mailing.send_due(sessions, own, to_server(server.port), now) == {Outcome.PUT_OFF: 1}
            now += pause
        assert mailing.send_due(sessions, own, to_server(server.port), now) == {Outcome.GIVEN_UP: 1}
    with sessions() as session:
        assert session.scalars(select(Digest.state)).all() == [MailState.FAILED]
        assert session.scalars(select(Message)).one().mail_failed
        assert mailing.standing(session) == {"waiting": 0, "failed": 1}
