"""The organisation as security administrators look after it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from marketplace.db.outbox import OutboxRow
from marketplace.db.people import RoleGrant, Unit, User
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from marketplace.domain.permissions import Actor, Role
from marketplace.engines.process import wait_until
from marketplace.use_cases import accounts, people_import, units, users
from marketplace.use_cases.accounts import SignInOutcome
from tests import factories
from tests.conftest import NOW


@pytest.fixture
def department(session: Session, region: Unit) -> Unit:
    return factories.unit(session, region, code="JY", name="教育局")


@pytest.fixture
def administrator(session: Session, region: Unit) -> Actor:
    account = factories.user(session, region, Role.SECURITY_ADMINISTRATOR, username="sec")
    return factories.actor((Role.SECURITY_ADMINISTRATOR, region), user=account)


def _facts(code: str, parent: str, **values: str) -> dict[str, object]:
    return {"code": code, "name": f"单位{code}", "kind": "unit", "parent_code": parent, **values}


def test_a_unit_takes_its_place_in_the_tree(
    session: Session, administrator: Actor, region: Unit, department: Unit
) -> None:
    school = units.create(session, administrator, NOW, _facts("S1", "JY", credit_code="91350100m000100y43"))
    assert school.path == [region.id, department.id, school.id]
    assert (school.region_name, school.credit_code) == ("江州市", "91350100M000100Y43")


def test_wrong_credit_codes_and_taken_codes_are_refused(
    session: Session, administrator: Actor, department: Unit
) -> None:
    with pytest.raises(Invalid) as refused:
        units.create(session, administrator, NOW, _facts("S1", "JY", credit_code="91350100M000100Y44"))
    assert refused.value.fields[0].field == "credit_code"
    with pytest.raises(Invalid) as refused:
        units.create(session, administrator, NOW, _facts("JY", "JY"))
    assert refused.value.fields[0].field == "code"


def test_a_moved_unit_takes_everything_below_along(
    session: Session, administrator: Actor, region: Unit, department: Unit
) -> None:
    other = factories.unit(session, region, code="WS")
    school = factories.unit(session, department, code="S1")
    branch = factories.unit(session, school, code="S1B")
    asset = factories.asset(session, branch)
    units.edit(session, administrator, NOW, school.id, school.version, _facts("S1", "WS"))
    session.expire_all()
    assert school.path == [region.id, other.id, school.id]
    assert branch.path == [region.id, other.id, school.id, branch.id]
    assert session.scalars(select(OutboxRow.asset_id)).all() == [asset.id]


def test_a_unit_is_not_moved_below_itself(session: Session, administrator: Actor, department: Unit) -> None:
    school = factories.unit(session, department, code="S1")
    factories.unit(session, school, code="S1B")
    with pytest.raises(Invalid):
        units.edit(session, administrator, NOW, school.id, school.version, _facts("S1", "S1B"))


def test_an_administrator_stays_within_the_own_region(session: Session, administrator: Actor) -> None:
    elsewhere = factories.unit(session, factories.unit(session), code="X1")
    with pytest.raises(NotFound):
        units.load(session, administrator, elsewhere.id)
    with pytest.raises(NotAllowed):
        units.create(session, administrator, NOW, _facts("S9", "X1"))
    assert elsewhere.code not in {row.unit.code for row in units.search(session, administrator)[0]}


def test_a_lost_update_of_a_unit_is_a_conflict(
    session: Session, administrator: Actor, department: Unit
) -> None:
    school = factories.unit(session, department, code="S1")
    shown = school.version
    units.edit(session, administrator, NOW, school.id, shown, _facts("S1", "JY", address="甲路1号"))
    with pytest.raises(Conflict):
        units.edit(session, administrator, NOW, school.id, shown, _facts("S1", "JY", address="乙路2号"))


def test_a_unit_with_open_ones_below_is_not_closed(
    session: Session, administrator: Actor, department: Unit
) -> None:
    school = factories.unit(session, department, code="S1")
    with pytest.raises(Conflict):
        units.close(session, administrator, NOW, department.id, active=False)
    units.close(session, administrator, NOW, school.id, active=False)
    assert not units.close(session, administrator, NOW, department.id, active=False).active


def test_a_file_of_units_may_name_children_first(
    session: Session, administrator: Actor, region: Unit
) -> None:
    rows = [_facts("C", "B"), _facts("B", "A"), _facts("A", "330000", kind="主管部门")]
    assert people_import.import_units(session, administrator, NOW, rows) == (3, 0)
    assert people_import.import_units(session, administrator, NOW, rows) == (0, 3)
    deepest = session.scalars(select(Unit).where(Unit.code == "C")).one()
    assert len(deepest.path) == 4


def test_a_file_with_mistakes_names_every_row(session: Session, administrator: Actor, region: Unit) -> None:
    rows = [_facts("A", "nowhere"), _facts("B", "330000", kind="?"), _facts("C", "D"), _facts("D", "C")]
    with pytest.raises(Invalid) as refused:
        people_import.import_units(session, administrator, NOW, rows)
    assert [error.row for error in refused.value.fields] == [1, 2, 3, 4]


def test_a_new_account_signs_in_once_with_its_first_password(
    session: Session, administrator: Actor, department: Unit
) -> None:
    raw = {"username": "Li.Lei", "name": "李雷", "unit_code": "JY"}
    user, password = users.create(session, administrator, NOW, raw, [(Role.STAFF, "JY")])
    result = accounts.sign_in(session, NOW, "li.lei", password)
    assert (result.outcome, result.must_change_password) == (SignInOutcome.DONE, True)
    assert [(grant.role, grant.unit_id) for grant in user.grants] == [(Role.STAFF, department.id)]


def test_roles_change_and_sessions_end(session: Session, administrator: Actor, department: Unit) -> None:
    user = factories.user(session, department, Role.STAFF)
    epoch = user.session_epoch
    raw = {"name": user.name, "unit_code": "JY"}
    users.edit(
        session,
        administrator,
        NOW,
        user.id,
        user.version,
        raw,
        [(Role.STAFF, "JY"), (Role.UNIT_APPROVER, "JY")],
    )
    assert user.session_epoch == epoch + 1
    assert {grant.role for grant in user.grants} == {Role.STAFF, Role.UNIT_APPROVER}
    users.edit(
        session,
        administrator,
        NOW,
        user.id,
        user.version,
        raw,
        [(Role.UNIT_APPROVER, "JY"), (Role.STAFF, "JY")],
    )
    assert user.session_epoch == epoch + 1


def test_a_lost_update_of_an_account_is_a_conflict(
    session: Session, administrator: Actor, department: Unit
) -> None:
    user = factories.user(session, department, Role.STAFF, name="李雷")
    shown, staff = user.version, [(Role.STAFF, "JY")]
    renamed = {"name": "李磊", "unit_code": "JY"}
    users.edit(session, administrator, NOW, user.id, shown, renamed, staff)
    with pytest.raises(Conflict):
        users.edit(session, administrator, NOW, user.id, shown, {"name": "李蕾", "unit_code": "JY"}, staff)
    seen = user.version
    users.edit(session, administrator, NOW, user.id, seen, renamed, [*staff, (Role.UNIT_APPROVER, "JY")])
    with pytest.raises(Conflict):
        users.edit(session, administrator, NOW, user.id, seen, renamed, staff)
    assert user.name == "李磊"
    assert {grant.role for grant in user.grants} == {Role.STAFF, Role.UNIT_APPROVER}


def test_signing_in_is_no_change_of_the_account(
    session: Session, administrator: Actor, department: Unit
) -> None:
    user = factories.user(session, department, Role.STAFF, username="li.lei")
    shown = user.version
    accounts.sign_in(session, NOW, "li.lei", "wrong")
    accounts.sign_in(session, NOW, "li.lei", factories.PASSWORD)
    users.edit(session, administrator, NOW, user.id, shown, {"name": "李磊", "unit_code": "JY"}, [])
    assert (user.name, user.grants) == ("李磊", [])


def test_the_three_administrators_are_kept_apart(
    session: Session, administrator: Actor, department: Unit
) -> None:
    user = factories.user(session, department, Role.STAFF)
    with pytest.raises(Invalid, match="三员分立"):
        users.set_roles(session, administrator, NOW, user, [(Role.AUDITOR, "JY"), (Role.STAFF, "JY")])
    assert session.scalars(select(RoleGrant.role).where(RoleGrant.user_id == user.id)).all() == [Role.STAFF]


def test_nobody_changes_the_own_account(session: Session, administrator: Actor) -> None:
    own = administrator.user_id or 0
    for attempt in (
        lambda: users.edit(session, administrator, NOW, own, 1, {"name": "x", "unit_code": "330000"}, []),
        lambda: users.set_active(session, administrator, NOW, own, active=False),
        lambda: users.reset_password(session, administrator, NOW, own),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_accounts_of_other_regions_do_not_exist(session: Session, administrator: Actor) -> None:
    elsewhere = factories.unit(session, code="990000")
    other = factories.user(session, elsewhere, Role.STAFF)
    with pytest.raises(NotFound):
        users.load(session, administrator, other.id)
    raw = {"username": "neu", "name": "新", "unit_code": "990000"}
    with pytest.raises(NotAllowed):
        users.create(session, administrator, NOW, raw, [])


def test_a_file_of_accounts_is_taken_whole_or_not_at_all(
    session: Session, administrator: Actor, department: Unit
) -> None:
    good = {"username": "a.one", "name": "甲", "unit_code": "JY", "roles": "申请人、unit_approver"}
    bad = {"username": "a.one", "name": "乙", "unit_code": "JY", "roles": "皇帝"}
    with pytest.raises(Invalid) as refused, session.begin_nested():
        people_import.import_users(session, administrator, NOW, [good, bad])
    assert [(error.row, error.field) for error in refused.value.fields] == [(2, "roles")]
    assert session.scalar(select(User.id).where(User.username == "a.one")) is None
    made = people_import.import_users(session, administrator, NOW, [good])
    assert {grant.role for grant in made[0][0].grants} == {Role.STAFF, Role.UNIT_APPROVER}


Edit = Callable[[Session, Actor, int, int, str], object]


def _edit_unit(session: Session, actor: Actor, unit_id: int, version: int, name: str) -> object:
    return units.edit(
        session, actor, NOW, unit_id, version, _facts("JY", "330000", kind="主管部门", name=name)
    )


def _edit_account(session: Session, actor: Actor, user_id: int, version: int, name: str) -> object:
    return users.edit(session, actor, NOW, user_id, version, {"name": name, "unit_code": "JY"}, [])


@pytest.mark.parametrize(("kind", "edit"), [(Unit, _edit_unit), (User, _edit_account)])
def test_of_two_who_save_at_once_one_is_told(
    sessions: SessionFactory, kind: type[Unit] | type[User], edit: Edit
) -> None:
    with transaction(sessions) as session:
        region = factories.unit(session, code="330000")
        department = factories.unit(session, region, code="JY")
        account = factories.user(session, department)
        administrator = factories.actor((Role.SECURITY_ADMINISTRATOR, region))
        row = session.get_one(kind, department.id if kind is Unit else account.id)
        row_id, shown = row.id, row.version

    def save(name: str) -> None:
        with transaction(sessions) as session:
            edit(session, administrator, row_id, shown, name)

    def waits() -> bool:
        with sessions() as session:
            blocked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return bool(session.scalar(blocked))

    with ThreadPoolExecutor(1) as pool:
        with transaction(sessions) as session:
            edit(session, administrator, row_id, shown, "先保存的")
            second = pool.submit(save, "后保存的")
            assert wait_until(waits, seconds=30)
        with pytest.raises(Conflict):
            second.result()
    with sessions() as session:
        assert session.get_one(kind, row_id).name == "先保存的"
