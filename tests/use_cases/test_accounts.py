"""Signing in, passwords and tokens."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db import actors
from marketplace.db.audit import AuditEntry
from marketplace.db.people import ApiToken, User
from marketplace.domain.accounts import FAILURES_BEFORE_LOCK, LOCK_TIME, PASSWORD_AGE
from marketplace.domain.errors import Invalid, NotFound
from marketplace.domain.permissions import Role
from marketplace.use_cases import accounts
from marketplace.use_cases.accounts import SignInOutcome
from tests import factories
from tests.conftest import NOW
from tests.factories import PASSWORD


@pytest.fixture
def user(session: Session) -> User:
    return factories.user(session, factories.unit(session), Role.STAFF, username="zhang")


def test_the_right_password_lets_in_whatever_the_case_of_the_name(session: Session, user: User) -> None:
    result = accounts.sign_in(session, NOW, "  ZHANG ", PASSWORD)
    assert (result.outcome, result.user_id, result.must_change_password) == (
        SignInOutcome.DONE,
        user.id,
        False,
    )
    assert user.last_sign_in_at == NOW


@pytest.mark.parametrize("name", ["zhang", "nobody"])
def test_a_wrong_password_and_an_unknown_name_look_the_same(session: Session, user: User, name: str) -> None:
    assert accounts.sign_in(session, NOW, name, "wrong") == accounts.SignIn(SignInOutcome.WRONG)


def test_five_failures_lock_even_for_the_right_password_until_the_time_is_over(
    session: Session, user: User
) -> None:
    outcomes = [accounts.sign_in(session, NOW, "zhang", "wrong").outcome for _ in range(FAILURES_BEFORE_LOCK)]
    assert outcomes == [SignInOutcome.WRONG] * (FAILURES_BEFORE_LOCK - 1) + [SignInOutcome.LOCKED]
    almost = NOW + LOCK_TIME - dt.timedelta(seconds=1)
    assert accounts.sign_in(session, almost, "zhang", PASSWORD).outcome is SignInOutcome.LOCKED
    assert accounts.sign_in(session, NOW + LOCK_TIME, "zhang", PASSWORD).outcome is SignInOutcome.DONE


def test_success_forgets_earlier_failures(session: Session, user: User) -> None:
    for _ in range(FAILURES_BEFORE_LOCK - 1):
        accounts.sign_in(session, NOW, "zhang", "wrong")
    accounts.sign_in(session, NOW, "zhang", PASSWORD)
    assert accounts.sign_in(session, NOW, "zhang", "wrong").outcome is SignInOutcome.WRONG


def test_an_old_password_has_to_be_changed(session: Session, user: User) -> None:
    later = NOW + PASSWORD_AGE + dt.timedelta(seconds=1)
    assert accounts.sign_in(session, later, "zhang", PASSWORD).must_change_password


def test_every_attempt_is_recorded(session: Session, user: User) -> None:
    accounts.sign_in(session, NOW, "zhang", "wrong")
    accounts.sign_in(session, NOW, "zhang", PASSWORD)
    accounts.sign_in(session, NOW, "nobody", "wrong")
    found = session.execute(select(AuditEntry.outcome, AuditEntry.object_id).order_by(AuditEntry.id)).all()
    assert [tuple(row) for row in found] == [("wrong", user.id), ("done", user.id), ("wrong", None)]


def test_an_inactive_account_is_not_let_in(session: Session, user: User) -> None:
    user.active = False
    session.flush()
    assert accounts.sign_in(session, NOW, "zhang", PASSWORD).outcome is SignInOutcome.WRONG
    assert actors.by_user(session, user.id) is None


@pytest.mark.parametrize("weak", ["short-A1", "alllowercaseletters", "NoDigitsOrSymbols", "Zhang-12345"])
def test_weak_passwords_are_refused(session: Session, user: User, weak: str) -> None:
    epoch = user.session_epoch
    with pytest.raises(Invalid):
        accounts.change_password(session, factories.actor(user=user), NOW, PASSWORD, weak)
    assert user.session_epoch == epoch


def test_a_new_password_ends_other_sessions(session: Session, user: User) -> None:
    epoch = user.session_epoch
    assert (
        accounts.change_password(session, factories.actor(user=user), NOW, PASSWORD, "Another-Horse-8")
        == epoch + 1
    )
    assert accounts.sign_in(session, NOW, "zhang", "Another-Horse-8").outcome is SignInOutcome.DONE


def test_changing_needs_the_old_password_and_a_different_new_one(session: Session, user: User) -> None:
    who = factories.actor(user=user)
    for old, new, field in (("wrong", "Another-Horse-8", "old_password"), (PASSWORD, PASSWORD, "password")):
        with pytest.raises(Invalid) as refused:
            accounts.change_password(session, who, NOW, old, new)
        assert refused.value.fields[0].field == field


def test_a_token_stands_for_its_owner_until_revoked_or_expired(session: Session, user: User) -> None:
    who = factories.actor(user=user)
    token = accounts.issue_token(session, who, NOW, user, "报表", NOW + dt.timedelta(days=1))
    found = accounts.identify_token(session, NOW, token)
    assert found is not None
    assert found.actor.user_id == user.id
    assert found.actor.roles() == {Role.STAFF}
    assert accounts.identify_token(session, NOW + dt.timedelta(days=1), token) is None
    assert accounts.identify_token(session, NOW, token + "x") is None
    accounts.revoke_token(session, who, NOW, session.scalars(select(ApiToken.id)).one())
    assert accounts.identify_token(session, NOW, token) is None


def test_tokens_are_not_kept_readable(session: Session, user: User) -> None:
    token = accounts.issue_token(session, factories.actor(user=user), NOW, user, "报表")
    row = session.scalars(select(ApiToken)).one()
    assert token not in {row.digest, row.hint, row.name}
    assert len(row.hint) < 10


def test_nobody_revokes_the_token_of_another(session: Session, user: User) -> None:
    accounts.issue_token(session, factories.actor(user=user), NOW, user, "报表")
    other = factories.user(session, factories.unit(session), Role.STAFF)
    with pytest.raises(NotFound):
        accounts.revoke_token(
            session, factories.actor(user=other), NOW, session.scalars(select(ApiToken.id)).one()
        )
    assert session.scalar(select(func.count()).where(ApiToken.revoked_at.is_not(None))) == 0


def test_an_actor_is_loaded_with_all_roles_in_one_query(session: Session, user: User) -> None:
    region = session.get_one(type(user.home_unit), user.home_unit_id)
    department = factories.unit(session, region)
    factories.user(session, region)
    session.add_all([])
    other = factories.user(session, department, Role.UNIT_APPROVER, Role.UNIT_ASSET_OFFICER)
    found = actors.by_user(session, other.id)
    assert found is not None
    assert {(grant.role, grant.unit_path) for grant in found.actor.grants} == {
        (Role.UNIT_APPROVER, (region.id, department.id)),
        (Role.UNIT_ASSET_OFFICER, (region.id, department.id)),
    }
