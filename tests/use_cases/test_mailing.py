"""Every mail goes out, whoever is killed on the way and however the mail server behaves."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select, update

from drill.installation import free_port
from jobs.schedule import BY_NAME, Means
from marketplace.config import ROOT, MailServer, Settings
from marketplace.db.messages import Mail, MailState, Message
from marketplace.db.people import Unit, User
from marketplace.db.session import SessionFactory, transaction
from marketplace.mail.carriers import FolderCarrier, MailServerDown, Post, SmtpCarrier
from marketplace.use_cases import mailing, messages
from marketplace.use_cases.mailing import RETRY_AFTER, Outcome
from search.nodes import Nodes
from tests import factories
from tests.conftest import NOW
from tests.mail.mail_server import Delivered, Manners, mail_server
from tests.use_cases import sender_that_dies

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a folder of this test's own."""
    return dataclasses.replace(settings, home=tmp_path, public_url="https://gwc.example.org")


@pytest.fixture
def unit_id(sessions: SessionFactory) -> int:
    with transaction(sessions) as session:
        return factories.unit(session).id


def tell(sessions: SessionFactory, unit_id: int, *addresses: str, locale: str = "zh_CN") -> None:
    """Tell somebody new at each address that a decision is wanted."""
    with transaction(sessions) as session:
        unit = session.get_one(Unit, unit_id)
        users = [factories.user(session, unit, email=address, locale=locale).id for address in addresses]
        values: dict[str, object] = {
            "number": "JY2026090001",
            "order_kind": "loan",
            "things": ["办公桌"],
            "receiver": "第一中学",
            "until": dt.date(2026, 9, 4),
        }
        messages.tell(session, NOW, users, "order.to_decide", link="/orders/7", **values)  # type: ignore[arg-type]


def numbered(count: int) -> list[str]:
    return [f"user{n}@example.org" for n in range(count)]


def states(sessions: SessionFactory) -> Counter[MailState]:
    with sessions() as session:
        return Counter(session.scalars(select(Mail.state)))


def files(own: Settings) -> list[str]:
    return sorted(file.name for file in own.mail_dir.iterdir())


def to_server(port: int) -> SmtpCarrier:
    return SmtpCarrier(MailServer("127.0.0.1", port))


def plain(delivered: Delivered) -> str:
    body = delivered.mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_mail_says_what_the_message_says(sessions: SessionFactory, own: Settings, unit_id: int) -> None:
    tell(sessions, unit_id, "wang@example.org")
    with mail_server() as server:
        assert mailing.send_due(sessions, own, to_server(server.port), NOW) == {Outcome.SENT: 1}
        assert mailing.send_due(sessions, own, to_server(server.port), NOW) == {}
        [delivered] = server.delivered
    with sessions() as session:
        message = session.scalars(select(Message)).one()
    assert delivered.recipients == ["wang@example.org"]
    assert delivered.mail["Subject"] == "待审批：第一中学申请借用“办公桌”"
    assert "申请单JY2026090001已到您这一步，请最迟2026年9月4日审批" in plain(delivered)
    assert f"https://gwc.example.org/messages/{message.id}" in plain(delivered)


def test_a_mail_is_in_the_language_of_its_reader(
    sessions: SessionFactory, own: Settings, unit_id: int
) -> None:
    tell(sessions, unit_id, "smith@example.org", locale="en")
    with mail_server() as server:
        mailing.send_due(sessions, own, to_server(server.port), NOW)
        [delivered] = server.delivered
    assert delivered.mail["Content-Language"] == "en"
    assert "September 4, 2026" in plain(delivered)


@pytest.mark.parametrize("change", [{"active": False}, {"email": ""}])
def test_who_left_meanwhile_gets_no_mail(
    sessions: SessionFactory, own: Settings, unit_id: int, change: dict[str, object]
) -> None:
    tell(sessions, unit_id, "wang@example.org")
    with transaction(sessions) as session:
        session.execute(update(User).values(**change))
    assert mailing.send_due(sessions, own, FolderCarrier(own.mail_dir), NOW) == {Outcome.DROPPED: 1}
    assert files(own) == []
    assert states(sessions) == {}


@pytest.mark.parametrize("moment", sender_that_dies.MOMENTS)
def test_a_killed_sender_loses_nothing_and_its_mail_is_the_same_file_again(
    sessions: SessionFactory, own: Settings, unit_id: int, moment: str
) -> None:
    tell(sessions, unit_id, *numbered(3))
    done = subprocess.run(
        [sys.executable, "-m", sender_that_dies.__name__, own.database_url, str(own.home), moment],
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    left = files(own)
    assert len(left) == (moment == "sent")
    assert states(sessions) == {MailState.WAITING: 3}
    assert mailing.send_due(sessions, own, FolderCarrier(own.mail_dir), NOW) == {Outcome.SENT: 3}
    assert set(left) < set(files(own))
    assert len(files(own)) == 3
    assert states(sessions) == {MailState.SENT: 3}


class Meeting(FolderCarrier):
    """Two of these hand in their first mail only when both have one."""

    def __init__(self, folder: Path, both: threading.Barrier) -> None:
        super().__init__(folder)
        self.both = both
        self.sent: list[str] = []

    @contextlib.contextmanager
    def opened(self) -> Iterator[Post]:
        with super().opened() as post:

            def meet(mail: EmailMessage) -> None:
                if not self.sent:
                    self.both.wait(timeout=30)
                self.sent.append(str(mail["Message-ID"]))
                post(mail)

            yield meet


def test_two_senders_at_once_share_the_work(sessions: SessionFactory, own: Settings, unit_id: int) -> None:
    tell(sessions, unit_id, *numbered(40))
    both = threading.Barrier(2)
    carriers = [Meeting(own.mail_dir, both) for _ in range(2)]
    threads = [
        threading.Thread(target=mailing.send_due, args=(sessions, own, carrier, NOW)) for carrier in carriers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [name for carrier in carriers for name in carrier.sent]
    assert all(carrier.sent for carrier in carriers)
    assert len(sent) == len(set(sent)) == 40
    assert len(files(own)) == 40
    assert states(sessions) == {MailState.SENT: 40}


def test_a_message_can_be_read_while_its_mail_goes_out(
    sessions: SessionFactory, own: Settings, unit_id: int
) -> None:
    tell(sessions, unit_id, "wang@example.org")
    read: list[int] = []

    class Slow(FolderCarrier):
        @contextlib.contextmanager
        def opened(self) -> Iterator[Post]:
            def post(_mail: EmailMessage) -> None:
                with transaction(sessions) as session:
                    read.extend(
                        session.scalars(update(Message).values(read_at=NOW).returning(Message.id)).all()
                    )

            yield post

    mailing.send_due(sessions, own, Slow(own.mail_dir), NOW)
    assert len(read) == 1


def test_mail_is_kept_while_the_server_is_down_and_goes_out_when_it_is_back(
    sessions: SessionFactory, own: Settings, unit_id: int
) -> None:
    tell(sessions, unit_id, *numbered(3))
    port = free_port()
    for _ in range(len(RETRY_AFTER) + 2):
        with pytest.raises(MailServerDown):
            mailing.send_due(sessions, own, to_server(port), NOW)
    assert states(sessions) == {MailState.WAITING: 3}
    with mail_server(port=port) as server:
        assert mailing.send_due(sessions, own, to_server(port), NOW) == {Outcome.SENT: 3}
        assert {one.recipients[0] for one in server.delivered} == set(numbered(3))


def test_a_server_that_hangs_up_on_one_mail_gets_the_others_first(
    sessions: SessionFactory, own: Settings, unit_id: int
) -> None:
    tell(sessions, unit_id, *numbered(3))
    with mail_server(Manners(data_answer="")) as server:
        assert mailing.send_due(sessions, own, to_server(server.port), NOW) == {Outcome.INTERRUPTED: 1}
        server.manners = Manners()
        assert mailing.send_due(sessions, own, to_server(server.port), NOW) == {Outcome.SENT: 2}
        assert mailing.send_due(sessions, own, to_server(server.port), NOW + MINUTE) == {Outcome.SENT: 1}
        assert server.delivered[-1].recipients == ["user0@example.org"]


def test_a_refused_mail_is_tried_again_ever_later_and_then_visibly_given_up(
    sessions: SessionFactory, own: Settings, unit_id: int
) -> None:
    tell(sessions, unit_id, "nobody@example.org", "wang@example.org")
    now = NOW
    with mail_server(Manners(refused={"nobody@example.org": "550 no such mailbox"})) as server:
        carrier = to_server(server.port)
        first = mailing.send_due(sessions, own, carrier, now)
        assert first == {Outcome.PUT_OFF: 1, Outcome.SENT: 1}
        for pause in RETRY_AFTER:
            assert mailing.send_due(sessions, own, carrier, now + pause - MINUTE / 2) == {}
            now += pause
            outcome = Outcome.GIVEN_UP if pause == RETRY_AFTER[-1] else Outcome.PUT_OFF
            assert mailing.send_due(sessions, own, carrier, now) == {outcome: 1}
        assert mailing.send_due(sessions, own, carrier, now + dt.timedelta(days=9)) == {}
    with sessions() as session:
        given_up = session.scalars(select(Mail).where(Mail.state == MailState.FAILED)).one()
        assert "no such mailbox" in given_up.error
        assert mailing.standing(session) == {"waiting": 0, "failed": 1}


def test_a_mail_that_can_not_be_written_holds_up_nobody(
    sessions: SessionFactory, own: Settings, unit_id: int
) -> None:
    tell(sessions, unit_id, "no address", "wang@example.org")
    figures = mailing.send_due(sessions, own, FolderCarrier(own.mail_dir), NOW)
    assert figures == {Outcome.PUT_OFF: 1, Outcome.SENT: 1}
    assert len(files(own)) == 1


def test_sending_stops_between_two_mails_when_asked_to(
    sessions: SessionFactory, own: Settings, unit_id: int
) -> None:
    tell(sessions, unit_id, *numbered(3))
    going = iter([True, True, False])
    figures = mailing.send_due(
        sessions, own, FolderCarrier(own.mail_dir), NOW, keep_going=lambda: next(going)
    )
    assert figures == {Outcome.SENT: 2}
    assert states(sessions) == {MailState.SENT: 2, MailState.WAITING: 1}


def test_the_job_sends_and_says_what_waits(sessions: SessionFactory, own: Settings, unit_id: int) -> None:
    tell(sessions, unit_id, *numbered(2))
    means = Means(settings=own, sessions=sessions, nodes=Nodes(own), clock=lambda: NOW)
    job = BY_NAME["send-mail"]
    assert job.step(means, NOW, True) == {"waiting": 2, "failed": 0}
    away = dataclasses.replace(own, mail_server=MailServer("127.0.0.1", free_port()))
    assert job.step(dataclasses.replace(means, settings=away), NOW, False) == {}
    assert job.step(means, NOW, False) == {"sent": 2}
    assert job.step(means, NOW, True) == {"waiting": 0, "failed": 0}
    assert len(files(own)) == 2
