"""Which steps an order goes through, and who may decide them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.approvals import (
    DECIDING_ROLES,
    DEFAULT_POLICY,
    Case,
    PolicyStep,
    Seat,
    Side,
    chain,
    covers,
    expected_days,
    may_decide,
    without_decider,
)
from marketplace.domain.errors import Conflict, NotAllowed, RuleError
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import PLATFORM, Actor, Grant, Role
from marketplace.reference.catalogue import categories

LAPTOP = "2022:A02010108"
VALUES = st.decimals(0, 2_000_000, places=2)
STEPS = st.builds(
    PolicyStep,
    kind=st.sampled_from(OrderKind),
    position=st.integers(1, 6),
    role=st.sampled_from(DECIDING_ROLES),
    side=st.sampled_from(Side),
    min_value=st.none() | st.decimals(1, 1_000_000, places=2),
    category=st.sampled_from(["", "2022:A02010000", LAPTOP, "2013:A02010105"]),
    only_across_departments=st.booleans(),
    deadline_days=st.integers(1, 60),
)
POLICIES = st.lists(STEPS, max_size=12)
CASES = st.builds(
    Case,
    kind=st.sampled_from(OrderKind),
    value=VALUES,
    categories=st.sampled_from([(), (LAPTOP,), ("2013:A02010105", LAPTOP)]),
    same_department=st.booleans(),
)


def _chain(kind: OrderKind, value: str, *, near: bool) -> list[tuple[Role, Side]]:
    found = chain(DEFAULT_POLICY, Case(kind, Decimal(value), (), near))
    return [(step.role, step.asked_at) for step in found]


BOTH = [(Role.UNIT_APPROVER, Side.RECEIVER), (Role.UNIT_APPROVER, Side.GIVER)]
MANAGER, FINANCE = (Role.WAREHOUSE_MANAGER, Side.GIVER), (Role.FINANCE_APPROVER, Side.GIVER)


@pytest.mark.parametrize(
    ("value", "near", "expected"),
    [
        ("499999.99", True, BOTH),
        ("499999.99", False, [*BOTH, MANAGER]),
        ("500000.00", True, [*BOTH, FINANCE]),
        ("500000.00", False, [*BOTH, MANAGER, FINANCE]),
    ],
)
def test_the_default_for_a_transfer(value: str, near: bool, expected: list[tuple[Role, Side]]) -> None:
    assert _chain(OrderKind.TRANSFER, value, near=near) == expected


@pytest.mark.parametrize("value", ["0", "900000"])
def test_the_default_for_a_loan(value: str) -> None:
    loan = [(Role.UNIT_APPROVER, Side.RECEIVER), (Role.UNIT_ASSET_OFFICER, Side.GIVER)]
    assert _chain(OrderKind.LOAN, value, near=False) == loan


@given(POLICIES, CASES, VALUES)
def test_a_dearer_order_goes_through_no_fewer_steps(
    steps: list[PolicyStep], case: Case, more: Decimal
) -> None:
    dearer = Case(case.kind, case.value + more, case.categories, case.same_department)
    assert set(chain(steps, case)) <= set(chain(steps, dearer))


@given(POLICIES, CASES)
def test_crossing_departments_never_spares_a_step(steps: list[PolicyStep], case: Case) -> None:
    near, far = (Case(case.kind, case.value, case.categories, same) for same in (True, False))
    assert set(chain(steps, near)) <= set(chain(steps, far))


@given(POLICIES, CASES)
def test_a_chain_is_in_order_and_of_its_kind_with_all_that_always_applies(
    steps: list[PolicyStep], case: Case
) -> None:
    found = chain(steps, case)
    assert [step.position for step in found] == sorted(step.position for step in found)
    assert {step.kind for step in found} <= {case.kind}
    assert {step for step in steps if step.always and step.kind == case.kind} <= set(found)


@given(POLICIES)
def test_parallel_steps_take_as_long_as_the_slowest(steps: list[PolicyStep]) -> None:
    apart = sum(step.deadline_days for step in steps)
    slowest = max((step.deadline_days for step in steps), default=0)
    assert slowest <= expected_days(steps) <= apart
    alone = len({step.position for step in steps}) == len(steps)
    assert not alone or expected_days(steps) == apart


def test_a_class_covers_what_is_below_it_in_its_edition_by_the_catalogue() -> None:
    rows = categories()
    paths = {f"{row['edition']}:{row['code']}": row["path"] for row in rows}
    wrong = [
        (above, below)
        for above in paths
        for below, path in paths.items()
        if above.partition(":")[0] == below.partition(":")[0]
        and covers(above, below) != (above.partition(":")[2] in path)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("wanted", "category"),
    [("2013:A02010105", "2022:A02010105"), ("", LAPTOP), ("2022:", LAPTOP), (LAPTOP, "")],
)
def test_no_class_covers_one_of_another_edition(wanted: str, category: str) -> None:
    assert not covers(wanted, category)


APPROVER, REQUESTER, COLLEAGUE, PRINCIPAL = 1, 2, 3, 4
SEAT = Seat(Role.UNIT_APPROVER, (10, 20))


def _actor(user_id: int, *roles: Role, at: tuple[int, ...] = (10, 20)) -> Actor:
    return Actor(user_id=user_id, name="a", grants=tuple(Grant(role, at[-1], at) for role in roles))


def _decide(
    actor: Actor,
    *,
    requester: int = REQUESTER,
    earlier: frozenset[int] = frozenset(),
    principals: frozenset[int] = frozenset(),
) -> int | None:
    return may_decide(
        actor, SEAT, requester_id=requester, earlier_deciders=set(earlier), principals=set(principals)
    )


@pytest.mark.parametrize("at", [(10, 20), (10,)])
def test_whoever_holds_the_role_decides_in_the_own_right(at: tuple[int, ...]) -> None:
    assert _decide(_actor(APPROVER, Role.UNIT_APPROVER, at=at), principals=frozenset({PRINCIPAL})) is None


def test_a_stand_in_decides_for_a_principal_and_says_for_whom() -> None:
    assert _decide(_actor(COLLEAGUE, Role.STAFF), principals=frozenset({PRINCIPAL, 9})) == PRINCIPAL
    assert (
        _decide(_actor(COLLEAGUE), principals=frozenset({PRINCIPAL, 9}), earlier=frozenset({PRINCIPAL})) == 9
    )


@pytest.mark.parametrize(
    ("actor", "error", "message", "given"),
    [
        (_actor(APPROVER, Role.UNIT_APPROVER, at=(10, 30)), NotAllowed, "不由您审批", {}),
        (_actor(APPROVER, Role.DEPARTMENT_APPROVER), NotAllowed, "不由您审批", {}),
        (PLATFORM, NotAllowed, "不由您审批", {}),
        (_actor(APPROVER, Role.UNIT_APPROVER), NotAllowed, "自己提交的申请", {"requester": APPROVER}),
        (
            _actor(APPROVER),
            NotAllowed,
            "自己提交的申请",
            {"requester": APPROVER, "principals": frozenset({PRINCIPAL})},
        ),
        (_actor(APPROVER, Role.UNIT_APPROVER), Conflict, "您已审批过", {"earlier": frozenset({APPROVER})}),
        (
            _actor(COLLEAGUE),
            Conflict,
            "您已审批过",
            {"earlier": frozenset({COLLEAGUE}), "principals": frozenset({PRINCIPAL})},
        ),
        (
            _actor(COLLEAGUE),
            NotAllowed,
            "您所代理的人提交的",
            {"requester": PRINCIPAL, "principals": frozenset({PRINCIPAL})},
        ),
        (
            _actor(COLLEAGUE),
            Conflict,
            "您所代理的人已审批过",
            {"earlier": frozenset({PRINCIPAL}), "principals": frozenset({PRINCIPAL})},
        ),
    ],
)
def test_who_may_not_decide_is_told_why(
    actor: Actor, error: type[RuleError], message: str, given: dict[str, object]
) -> None:
    with pytest.raises(error, match=message):
        _decide(actor, **given)  # type: ignore[arg-type]


PEOPLE = st.lists(st.frozensets(st.integers(1, 5), max_size=4), max_size=5)


@given(PEOPLE)
def test_steps_without_a_person_of_their_own_are_as_few_as_possible(pools: list[frozenset[int]]) -> None:
    lacking = without_decider(pools)
    assert len(pools) - len(lacking) == _most_seated(pools)
    assert all(place in lacking for place, pool in enumerate(pools) if not pool)


def _most_seated(pools: list[frozenset[int]], taken: frozenset[int] = frozenset()) -> int:
    """Every way to seat people, tried out."""
    if not pools:
        return 0
    seated = [1 + _most_seated(pools[1:], taken | {person}) for person in pools[0] - taken]
    return max([_most_seated(pools[1:], taken), *seated])
