"""Everybody is reminded in time, once, and by one mail a day."""

from __future__ import annotations

import datetime as dt
import random
import signal
import subprocess
import sys
from collections import Counter

import pytest
from sqlalchemy import Engine, func, select

from jobs.means import Means
from jobs.reminders import remind
from marketplace.config import ROOT, Settings
from marketplace.db.messages import Digest, Mail, Message
from marketplace.db.people import User
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.messages import KINDS, write
from marketplace.texts import Texts
from search.nodes import Nodes
from tests.conftest import NOW, empty
from tests.jobs import reminders_that_die
from tests.jobs.office_that_forgets import DAY, everything, forgetful, told

EVERYBODY = {
    "step.reminder": ["B.approver"],
    "step.overdue": ["B.approver", "B.approver"],
    "step.escalated": ["bureau"],
    "loan.due_soon": ["B.officer", "B.staff"],
    "loan.overdue": ["B.officer", "B.staff"],
    "loan.overdue_lent": ["A.officer"],
    "idle.reminder": ["A.officer"],
    "idle.overdue": ["A.officer"],
    "listing.no_photos": ["C.officer"],
    "proceeds.unremitted": ["finance", "manager", "second"],
}
FIGURES = {"step": 3, "escalated": 1, "loan": 5, "idle": 2, "listing": 1, "proceeds": 3}


@pytest.fixture
def means(settings: Settings, sessions: SessionFactory) -> Means:
    with transaction(sessions) as session:
        forgetful(session)
    return Means(settings, sessions, Nodes(settings), lambda: NOW)


def test_each_reason_reaches_those_who_can_do_something_and_only_once(means: Means) -> None:
    assert remind(means, NOW, True) == FIGURES
    with means.sessions() as session:
        assert told(session) == {}
    people = {name for names in EVERYBODY.values() for name in names}
    assert remind(means, NOW, False) == FIGURES | {"mails": len(people)}
    with means.sessions() as session:
        assert told(session) == EVERYBODY
    assert not any(remind(means, NOW, False).values())
    assert not any(remind(means, NOW, True).values())


def test_what_is_told_can_be_written_for_its_reader(means: Means) -> None:
    remind(means, NOW, False)
    with means.sessions() as session:
        found = session.scalars(select(Message).where(Message.once != "")).all()
        assert {message.kind for message in found} == EVERYBODY.keys()
        for message in found:
            assert message.params.keys() == KINDS[message.kind].params
            assert message.needs_action == KINDS[message.kind].needs_action
            assert "%" not in write(message.kind, message.params, Texts("zh_CN")).body


def test_nobody_gets_two_mails_a_day_and_nothing_comes_in_two(means: Means) -> None:
    with means.sessions() as session:
        before = session.scalar(select(func.count(Mail.message_id)))
    remind(means, NOW, False)
    late = NOW + dt.timedelta(hours=5)
    with transaction(means.sessions) as session:
        session.execute(User.__table__.update().values(daily_mail=True))
    with transaction(means.sessions) as session:
        user = session.scalars(select(User).where(User.username == "B.approver")).one()
        session.add(_news(user.id, late))
    assert remind(means, late, False)["mails"] == 0
    tomorrow = remind(means, NOW + DAY, False)
    assert tomorrow["step"] == 3, "overdue steps again, each working day; what was escalated has time"
    with means.sessions() as session:
        days = session.execute(select(Digest.user_id, Digest.day)).all()
        assert len(days) == len(set(days))
        gathered = select(func.count()).where(Message.for_digest, Message.digest_id.is_(None))
        assert session.scalar(gathered) == 0
        assert session.scalar(select(func.count(Mail.message_id))) == before


def _news(user_id: int, at: dt.datetime) -> Message:
    return Message(
        user_id=user_id,
        kind="order.withdrawn",
        params={},
        link="/orders/1",
        needs_action=False,
        for_digest=True,
        created_at=at,
    )


@pytest.mark.parametrize("seed", [1])
def test_killed_at_random_and_run_by_two_at_once_it_tells_the_same(
    settings: Settings, sessions: SessionFactory, engine: Engine, seed: int
) -> None:
    empty(engine)  # so that ids are the same each time
    with transaction(sessions) as session:
        forgetful(session)
    statements = reminders_that_die.run(settings.database_url, 0)
    with sessions() as session:
        undisturbed = everything(session)
    empty(engine)
    with transaction(sessions) as session:
        forgetful(session)
    chance = random.Random(seed)
    for moment in (chance.randrange(1, statements), chance.randrange(1, statements)):
        assert _process(settings, moment).wait() == -signal.SIGKILL
    both = [_process(settings, 0) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    with sessions() as session:
        found = everything(session)
    # Which mail of whose day it came with depends on the moment; that there was one does not.
    assert Counter(found["mails"]) == Counter(undisturbed["mails"])
    assert {name: found[name] for name in found if name != "told"} | {"told": _without_mail(found)} == {
        name: undisturbed[name] for name in undisturbed if name != "told"
    } | {"told": _without_mail(undisturbed)}
    assert all(undisturbed.values())


def _without_mail(found: dict[str, list[str]]) -> list[str]:
    return sorted(row.rpartition(",")[0] for row in found["told"])


def _process(settings: Settings, last: int) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", reminders_that_die.__name__, settings.database_url, str(last)]
    return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL)
