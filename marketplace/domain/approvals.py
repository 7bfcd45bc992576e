"""Approvals: who must agree to an order, in which order, and who may decide (domain rules, section 4).

The policy is a table that administrators edit. A row is a step with conditions; an order goes through
the steps whose conditions hold. Steps with the same position are open at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from marketplace.domain.errors import Conflict, NotAllowed
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import ROLE_PERMISSIONS, Actor, Permission, Role
from marketplace.domain.text import N_


class Side(StrEnum):
    """Whose unit a step is asked at."""

    RECEIVER = "receiver"
    GIVER = "giver"


SIDE_NAMES = {Side.RECEIVER: N_("调入方"), Side.GIVER: N_("调出方")}


class OnOverdue(StrEnum):
    """What happens when a deadline has passed."""

    REMIND = "remind"
    """The approvers are reminded each working day."""
    ESCALATE = "escalate"
    """The next level above is asked as well, with as much time again; after that everyone is reminded."""


ON_OVERDUE_NAMES = {OnOverdue.REMIND: N_("逐日催办"), OnOverdue.ESCALATE: N_("催办并报上级")}

DECIDING_ROLES = tuple(role for role in Role if Permission.DECIDE in ROLE_PERMISSIONS[role])
LEVELS = (Role.DEPARTMENT_APPROVER, Role.WAREHOUSE_MANAGER, Role.FINANCE_APPROVER)
"""Above the people of a unit, from below upwards."""
PLATFORM_ROLES = frozenset({Role.WAREHOUSE_MANAGER, Role.FINANCE_APPROVER})
"""Asked where the thing comes from: their grant reaches the giver's unit."""


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """A row of the policy: who decides, when the row applies, how long it may take."""

    kind: OrderKind
    position: int
    """Counted from 1 within the kind; equal positions run in parallel."""
    role: Role
    side: Side
    min_value: Decimal | None = None
    """Applies from this book value of the whole order, in CNY."""
    category: str = ""
    """Applies when something of this class is asked for: ``edition:code``, with all that is below it."""
    only_across_departments: bool = False
    """Applies when giver and receiver have different supervising departments."""
    deadline_days: int = 2
    """Working days for the decision."""
    remind_days: int = 1
    """Working days before the deadline at which approvers are reminded; 0 for not at all."""
    on_overdue: OnOverdue = OnOverdue.REMIND

    @property
    def asked_at(self) -> Side:
        """At whose unit the role is looked for."""
        return Side.GIVER if self.role in PLATFORM_ROLES else self.side

    @property
    def always(self) -> bool:
        """Whether every order of the kind goes through it."""
        return self.min_value is None and not self.category and not self.only_across_departments


@dataclass(frozen=True, slots=True)
class Case:
    """What the policy looks at of an order."""

    kind: OrderKind
    value: Decimal
    """Book value of everything asked for, in CNY."""
    categories: tuple[str, ...]
    """Classes of the things asked for, as ``edition:code``."""
    same_department: bool


_O, _R = OrderKind, Role
DEFAULT_POLICY: tuple[PolicyStep, ...] = (
    PolicyStep(_O.TRANSFER, 1, _R.UNIT_APPROVER, Side.RECEIVER),
    PolicyStep(_O.TRANSFER, 2, _R.UNIT_APPROVER, Side.GIVER),
    PolicyStep(
        _O.TRANSFER, 3, _R.WAREHOUSE_MANAGER, Side.GIVER, only_across_departments=True, deadline_days=3
    ),
    PolicyStep(
        _O.TRANSFER, 4, _R.FINANCE_APPROVER, Side.GIVER, min_value=Decimal("500000.00"), deadline_days=5
    ),
    PolicyStep(_O.LOAN, 1, _R.UNIT_APPROVER, Side.RECEIVER),
    PolicyStep(_O.LOAN, 2, _R.UNIT_ASSET_OFFICER, Side.GIVER),
)
"""The policy of a new installation (domain rules, section 4)."""


def chain(steps: Sequence[PolicyStep], case: Case) -> list[PolicyStep]:
    """The steps whose conditions hold for the case, in the order of their positions."""
    return sorted((step for step in steps if _applies(step, case)), key=lambda step: step.position)


def expected_days(steps: Iterable[PolicyStep]) -> int:
    """Working days a chain takes when each step takes all of its time; parallel ones wait for the slowest."""
    longest: dict[int, int] = {}
    for step in steps:
        longest[step.position] = max(step.deadline_days, longest.get(step.position, 0))
    return sum(longest.values())


def covers(wanted: str, category: str) -> bool:
    """Whether a class is ``wanted`` or below it; both are ``edition:code``.

    Codes grow by pairs of digits from class to sub-class. The editions of 2010 and 2022 fill codes up
    with zeros, which say nothing.
    """
    edition, _, code = wanted.partition(":")
    other_edition, _, other_code = category.partition(":")
    while code.endswith("00"):
        code = code.removesuffix("00")
    return bool(code) and edition == other_edition and other_code.startswith(code)


def _applies(step: PolicyStep, case: Case) -> bool:
    return (
        step.kind == case.kind
        and (step.min_value is None or case.value >= step.min_value)
        and (not step.category or any(covers(step.category, category) for category in case.categories))
        and not (step.only_across_departments and case.same_department)
    )


def levels_above(role: Role) -> tuple[Role, ...]:
    """Who is asked when a step with this role is overdue: the first of these that anybody holds there."""
    return LEVELS[LEVELS.index(role) + 1 :] if role in LEVELS else LEVELS


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a step is decided: by whoever holds one of the roles over the unit at this path."""

    role: Role
    unit_path: tuple[int, ...]
    escalated_to: Role | None = None

    def role_of(self, actor: Actor) -> Role | None:
        """In which role the actor decides here; None when in neither."""
        return next((role for role in (self.role, self.escalated_to) if self._holds(actor, role)), None)

    def _holds(self, actor: Actor, role: Role | None) -> bool:
        return role is not None and actor.holds(role, self.unit_path)


def may_decide(
    actor: Actor,
    step: Seat,
    *,
    requester_id: int | None,
    earlier_deciders: set[int],
    principals: set[int],
) -> int | None:
    """For whom the actor may decide the step: None in the own right, else the principal's id.

    ``earlier_deciders`` are all who decided in this round, and those for whom they stood in.
    ``principals`` are users for whom the actor stands in that day and who hold a role of the step at its
    unit. Nobody approves an own request and nobody decides twice in a chain; a stand-in changes
    neither, on either side.

    Raises:
        NotAllowed: the step is not the actor's, or the request is the actor's own or the principal's.
        Conflict: the actor, or the principal, decided an earlier step.
    """
    own = step.role_of(actor)
    if actor.user_id is None or not (principals or own):
        raise NotAllowed(N_("这一步不由您审批。请在“待办”中查看等您办理的事项。"))
    if actor.user_id == requester_id:
        raise NotAllowed(N_("不能审批自己提交的申请。请由其他审批人办理。"), code="own_request")
    if actor.user_id in earlier_deciders:
        raise Conflict(
            N_("您已审批过这张申请单的另一步，同一人不能审批两次。请由其他审批人办理。"),
            code="decided_before",
        )
    if own:
        return None
    return _principal(principals, requester_id, earlier_deciders)


def _principal(principals: set[int], requester_id: int | None, earlier_deciders: set[int]) -> int:
    free = principals - earlier_deciders - {requester_id}
    if free:
        return min(free)
    if requester_id in principals:
        raise NotAllowed(
            N_("申请是您所代理的人提交的，不能代其审批自己的申请。请由其他审批人办理。"), code="own_request"
        )
    raise Conflict(
        N_("您所代理的人已审批过这张申请单的另一步，同一人不能审批两次。请由其他审批人办理。"),
        code="decided_before",
    )


def without_decider(candidates: Sequence[Iterable[int]]) -> list[int]:
    """Which steps can't be filled when nobody may decide two of them; each has its candidates' ids.

    The steps come in order, and an earlier one keeps its claim: what is left over is named by its place.
    """
    taken: dict[int, int] = {}
    pools = [frozenset(pool) for pool in candidates]
    return [place for place in range(len(pools)) if not _seat(place, pools, taken, set())]


def _seat(place: int, pools: Sequence[frozenset[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Give the step a person, moving others along where they have somebody else."""
    for person in sorted(pools[place] - tried):
        tried.add(person)
        if person not in taken or _seat(taken[person], pools, taken, tried):
            taken[person] = place
            return True
    return False
