"""Who may do what, where. Named permissions, roles as sets of them, grants that bind a role to a unit.

A grant reaches its unit and everything below it (domain rules, section 2). Nothing else gives a
right: what is not in these tables is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from marketplace.domain.errors import Invalid, NotAllowed
from marketplace.domain.text import N_


class Permission(StrEnum):
    """One thing that may be done. Pages, API calls and list queries ask for the same names."""

    FIND = "listings.find"
    READ_ASSETS = "assets.read"
    EDIT_ASSETS = "assets.edit"
    IMPORT_ASSETS = "assets.import"
    EXPORT_ASSETS = "assets.export"
    LIST_ASSETS = "assets.list"
    REQUEST_ASSETS = "orders.request"
    READ_ORDERS = "orders.read"
    HAND_OVER = "orders.hand_over"
    DECIDE = "orders.decide"
    """Has an inbox of decisions; which of them, says the role that a step asks for."""
    REVIEW_IDLE = "idle.review"
    """Decides on objections to idle flags."""
    STEER_TIMETABLE = "timetable.steer"
    """Stops the clock of an offer, or ends a stage early."""
    READ_DISPOSALS = "disposals.read"
    DISPOSE = "disposals.prepare"
    """Collects candidates, keeps the check list, prepares auctions."""
    APPROVE_DISPOSAL = "disposals.approve"
    """Approves what somebody else prepared."""
    PUBLISH = "notices.publish"
    CONFIRM_PROCEEDS = "proceeds.confirm"
    MANAGE_POLICIES = "policies.manage"
    MANAGE_CATALOGUE = "catalogue.manage"
    MANAGE_UNITS = "units.manage"
    MANAGE_USERS = "users.manage"
    MANAGE_SETTINGS = "settings.manage"
    SEE_JOBS = "jobs.see"
    RUN_JOBS = "jobs.run"
    READ_AUDIT = "audit.read"


class Role(StrEnum):
    """The roles of the field (domain rules, section 2)."""

    STAFF = "staff"
    UNIT_ASSET_OFFICER = "unit_asset_officer"
    UNIT_APPROVER = "unit_approver"
    DEPARTMENT_APPROVER = "department_approver"
    WAREHOUSE_MANAGER = "warehouse_manager"
    FINANCE_APPROVER = "finance_approver"
    AUDITOR = "auditor"
    SECURITY_ADMINISTRATOR = "security_administrator"
    SYSTEM_ADMINISTRATOR = "system_administrator"


ROLE_NAMES = {
    Role.STAFF: N_("申请人"),
    Role.UNIT_ASSET_OFFICER: N_("单位资产管理员"),
    Role.UNIT_APPROVER: N_("单位审批人"),
    Role.DEPARTMENT_APPROVER: N_("主管部门审批人"),
    Role.WAREHOUSE_MANAGER: N_("公物仓管理员"),
    Role.FINANCE_APPROVER: N_("财政审批人"),
    Role.AUDITOR: N_("审计管理员"),
    Role.SECURITY_ADMINISTRATOR: N_("安全管理员"),
    Role.SYSTEM_ADMINISTRATOR: N_("系统管理员"),
}

ROLE_DUTIES = {
    Role.STAFF: N_("查找在仓资产，为本单位申请调剂或借用"),
    Role.UNIT_ASSET_OFFICER: N_("维护本单位的资产卡片：导入、拍照、上架、撤回"),
    Role.UNIT_APPROVER: N_("审批本单位的调出和调入"),
    Role.DEPARTMENT_APPROVER: N_("审批所属各单位的申请"),
    Role.WAREHOUSE_MANAGER: N_("跨部门审批，维护俗称，代各单位上架和撤回"),
    Role.FINANCE_APPROVER: N_("审批达到限额的申请，确认收入上缴"),
    Role.AUDITOR: N_("查看资产和审计记录，不作任何改动"),
    Role.SECURITY_ADMINISTRATOR: N_("管理单位、账号和角色，不办理业务"),
    Role.SYSTEM_ADMINISTRATOR: N_("管理参数和后台任务，不办理业务，不看审计记录"),
}
"""What each role is for, for those who give it and those who have it."""

_P = Permission
_READER = {_P.FIND, _P.READ_ASSETS, _P.READ_ORDERS}
_APPROVER = _READER | {_P.EXPORT_ASSETS, _P.DECIDE}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.STAFF: frozenset(_READER | {_P.REQUEST_ASSETS}),
    Role.UNIT_ASSET_OFFICER: frozenset(
        _APPROVER | {_P.EDIT_ASSETS, _P.IMPORT_ASSETS, _P.LIST_ASSETS, _P.REQUEST_ASSETS, _P.HAND_OVER}
    ),
    Role.UNIT_APPROVER: frozenset(_APPROVER),
    Role.DEPARTMENT_APPROVER: frozenset(_APPROVER | {_P.REVIEW_IDLE}),
    Role.WAREHOUSE_MANAGER: frozenset(
        _APPROVER
        | {_P.LIST_ASSETS, _P.REVIEW_IDLE, _P.STEER_TIMETABLE, _P.MANAGE_CATALOGUE, _P.MANAGE_POLICIES}
        | {_P.READ_DISPOSALS, _P.DISPOSE, _P.APPROVE_DISPOSAL, _P.PUBLISH}
    ),
    Role.FINANCE_APPROVER: frozenset(
        _APPROVER | {_P.READ_DISPOSALS, _P.APPROVE_DISPOSAL, _P.CONFIRM_PROCEEDS}
    ),
    Role.AUDITOR: frozenset(_READER | {_P.EXPORT_ASSETS, _P.READ_AUDIT, _P.SEE_JOBS, _P.READ_DISPOSALS}),
    Role.SECURITY_ADMINISTRATOR: frozenset({_P.MANAGE_UNITS, _P.MANAGE_USERS}),
    Role.SYSTEM_ADMINISTRATOR: frozenset({_P.MANAGE_SETTINGS, _P.MANAGE_POLICIES, _P.SEE_JOBS, _P.RUN_JOBS}),
}

SEPARATE_ADMINISTRATORS = frozenset({Role.AUDITOR, Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR})
"""三员分立 (GB/T 22239-2019, level 3): one account holds at most one, and no business role beside it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over a unit and all below it."""

    role: Role
    unit_id: int
    unit_path: tuple[int, ...]
    """Ids from the root of the tree down to the unit itself."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a signed-in person, or the platform itself (``user_id`` None)."""

    user_id: int | None
    name: str
    grants: tuple[Grant, ...] = ()
    locale: str = "zh_CN"
    request_id: str = ""
    home_unit_id: int | None = None
    everything: bool = field(default=False)
    """True for the platform's own jobs and commands only."""

    def may(self, permission: Permission, unit_path: Iterable[int]) -> bool:
        """Whether a grant with this permission reaches the unit with this path."""
        return self.everything or not self.scopes(permission).isdisjoint(unit_path)

    def may_anywhere(self, permission: Permission) -> bool:
        """Whether any grant carries this permission."""
        return self.everything or bool(self.scopes(permission))

    def scopes(self, permission: Permission) -> frozenset[int]:
        """Units at which a grant with this permission is rooted; the right covers what is below them.

        The same rule as SQL is :func:`marketplace.db.people.within`; a test holds the two together.
        """
        return frozenset(g.unit_id for g in self.grants if permission in ROLE_PERMISSIONS[g.role])

    def holds(self, role: Role, unit_path: Iterable[int]) -> bool:
        """Whether a grant of exactly this role reaches the unit with this path."""
        rooted = frozenset(g.unit_id for g in self.grants if g.role is role)
        return not rooted.isdisjoint(unit_path)

    def circles(self) -> frozenset[int]:
        """The actor's units and all above them: a listing offered to one of these is offered to the actor."""
        return frozenset(
            unit for g in self.grants if Permission.FIND in ROLE_PERMISSIONS[g.role] for unit in g.unit_path
        )

    def roles(self) -> frozenset[Role]:
        """The distinct roles held, wherever."""
        return frozenset(g.role for g in self.grants)


PLATFORM = Actor(user_id=None, name="公物仓平台", everything=True)
"""The actor of jobs and of commands typed on the server."""


def require(actor: Actor, permission: Permission, unit_path: Iterable[int]) -> None:
    """Let pass or refuse.

    Raises:
        NotAllowed: no grant of the actor reaches the unit with this permission.
    """
    if not actor.may(permission, unit_path):
        raise NotAllowed(N_("您没有办理此事的权限。如确需办理，请联系本单位安全管理员开通。"))


def check_role_set(roles: Iterable[Role]) -> None:
    """Refuse combinations that break the separation of the three administrators.

    Raises:
        Invalid: an administrator's role stands beside any other role.
    """
    distinct = frozenset(roles)
    if distinct & SEPARATE_ADMINISTRATORS and len(distinct) > 1:
        raise Invalid(
            N_("三员分立：安全管理员、系统管理员、审计管理员须由不同的人担任，也不能兼任业务角色。"),
            basis="GB/T 22239-2019",
        )
