"""Disposal (处置): the ways, what the law asks for before each, and the life of a project as a table.

A project takes cards out of the books together. It goes on only when every condition of its way is met
(domain rules, section 4; 行政事业性国有资产管理条例, State Council Decree 738). A condition
without an article is a rule of the field for which the sources at hand name none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from marketplace.domain.assets import Condition
from marketplace.domain.errors import NotAllowed
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.step_tables import Step, find_step
from marketplace.domain.text import N_


class Way(StrEnum):
    """How assets leave the books (财资〔2021〕127号, art. 3)."""

    AUCTION = "auction"
    DONATION = "donation"
    SCRAPPING = "scrapping"
    GRATUITOUS_TRANSFER = "gratuitous_transfer"
    EXCHANGE = "exchange"
    WRITE_OFF = "write_off"


WAYS_BASIS = "财资〔2021〕127号第三条"
"""Names the ways; the basis of every step by which cards leave."""
WAY_NAMES = {
    Way.AUCTION: N_("转让（拍卖）"),
    Way.DONATION: N_("对外捐赠"),
    Way.SCRAPPING: N_("报废"),
    Way.GRATUITOUS_TRANSFER: N_("无偿划转"),
    Way.EXCHANGE: N_("置换"),
    Way.WRITE_OFF: N_("损失核销"),
}
WITH_RECIPIENT = frozenset({Way.DONATION, Way.GRATUITOUS_TRANSFER, Way.EXCHANGE})
"""Ways in which somebody gets the things, who has to be named before the approval."""
MOST_ITEMS = 500
"""Cards in one project: what is locked together while it moves."""


class Why(StrEnum):
    """Why a card is a candidate."""

    SCREENED = "screened"
    BROKEN = "broken"
    SERVICE_LIFE = "service_life"
    CHOSEN = "chosen"


WHY_NAMES = {
    Why.SCREENED: N_("各级调剂期满，无人申请"),
    Why.BROKEN: N_("待修或损坏"),
    Why.SERVICE_LIFE: N_("已达最低使用年限"),
    Why.CHOSEN: N_("由管理员选定"),
}


class ConditionKind(StrEnum):
    """One thing that has to be so before a project may go on."""

    OWNERSHIP = "ownership"
    NO_OPEN_ORDER = "no_open_order"
    COLLECTIVE_DECISION = "collective_decision"
    APPROVAL = "approval"
    APPRAISAL = "appraisal"
    DATA_WIPE = "data_wipe"
    PHOTOS = "photos"
    SERVICE_LIFE = "service_life"
    BEYOND_USE = "beyond_use"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a condition asks, which article asks for it, and of which ways."""

    label: str
    basis: str
    """The article, as far as it is known; else empty."""
    evidence: str
    """What proves it; empty where the platform sees for itself."""
    ways: frozenset[Way] = frozenset(Way)

    @property
    def automatic(self) -> bool:
        """Whether the platform sees for itself; nobody can tick it."""
        return not self.evidence


REQUIREMENTS: Mapping[ConditionKind, Requirement] = {
    ConditionKind.OWNERSHIP: Requirement(
        N_("权属清晰，没有争议、抵押或查封"),
        "",
        N_("权属证明或书面声明的名称和编号"),
    ),
    ConditionKind.NO_OPEN_ORDER: Requirement(
        N_("没有在办的调剂、借用或轮候"), "行政事业性国有资产管理条例第十一条", ""
    ),
    ConditionKind.COLLECTIVE_DECISION: Requirement(N_("单位集体决策"), "", N_("会议纪要的文号和日期")),
    ConditionKind.APPROVAL: Requirement(N_("按权限批复"), "", N_("批复单位和批复文号")),
    ConditionKind.APPRAISAL: Requirement(
        N_("资产评估，并逐项填写评估价"),
        "行政事业性国有资产管理条例第三十六条",
        N_("评估报告的编号"),
        frozenset({Way.AUCTION, Way.EXCHANGE}),
    ),
    ConditionKind.DATA_WIPE: Requirement(N_("计算机和存储设备已清除数据"), "", N_("清除数据凭证的编号")),
    ConditionKind.PHOTOS: Requirement(
        N_("每项资产至少有一张照片"), "拍卖法第四十六条", "", frozenset({Way.AUCTION})
    ),
    ConditionKind.SERVICE_LIFE: Requirement(
        N_("达到最低使用年限"), "财资〔2016〕27号", "", frozenset({Way.SCRAPPING})
    ),
    ConditionKind.BEYOND_USE: Requirement(
        N_("已不能使用：达到最低使用年限尚能继续使用的，不得报废"),
        "",
        N_("技术鉴定意见的编号"),
        frozenset({Way.SCRAPPING}),
    ),
}
DATA_CARRIERS = ("2022:A0201", "2022:A0202", "2013:A0201", "2013:A0202", "2010:201")
"""Classes of computers, storage and office machines with a memory, as ``edition:code``."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the register knows of a card in a project."""

    asset_id: int
    number: str
    category: str
    """``edition:code``; empty without one."""
    condition: Condition
    photos: int
    open_orders: int
    acquired_on: dt.date | None
    minimum_service_years: int | None
    appraised: Decimal | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a condition stands: met, or why not."""

    kind: ConditionKind
    met: bool
    failing: tuple[str, ...] = ()
    """Numbers of the cards on account of which it isn't met."""


def requirements(way: Way, items: Iterable[ItemFacts]) -> tuple[ConditionKind, ...]:
    """The conditions of a way, for these cards: data is wiped only where there can be some."""
    carriers = any(_carries_data(item) for item in items)
    return tuple(
        kind
        for kind, row in REQUIREMENTS.items()
        if way in row.ways and (kind is not ConditionKind.DATA_WIPE or carriers)
    )


def standings(
    way: Way, items: Sequence[ItemFacts], recorded: Collection[ConditionKind], today: dt.date
) -> tuple[Standing, ...]:
    """Each condition with whether it is met; ``recorded`` are those for which evidence was given."""
    return tuple(_standing(kind, items, kind in recorded, today) for kind in requirements(way, items))


def _standing(kind: ConditionKind, items: Sequence[ItemFacts], recorded: bool, today: dt.date) -> Standing:
    failing = tuple(item.number for item in items if not _holds(kind, item, today))
    return Standing(kind, not failing and (REQUIREMENTS[kind].automatic or recorded), failing)


def _holds(kind: ConditionKind, item: ItemFacts, today: dt.date) -> bool:
    """Whether a card does what the register can tell of a condition."""
    if kind is ConditionKind.NO_OPEN_ORDER:
        return item.open_orders == 0
    if kind is ConditionKind.PHOTOS:
        return item.photos > 0
    if kind is ConditionKind.APPRAISAL:
        return item.appraised is not None and item.appraised > 0
    if kind is ConditionKind.BEYOND_USE:
        return item.condition in (Condition.REPAIR, Condition.BROKEN)
    return kind is not ConditionKind.SERVICE_LIFE or service_life_over(item, today)


def service_life_over(item: ItemFacts, today: dt.date) -> bool:
    """Whether the minimum service life has been reached; not while either date is unknown."""
    if item.acquired_on is None or item.minimum_service_years is None:
        return False
    year = item.acquired_on.year + item.minimum_service_years
    # 29 February has its anniversary on 1 March.
    return (today.year, today.month, today.day) >= (year, item.acquired_on.month, item.acquired_on.day)


def _carries_data(item: ItemFacts) -> bool:
    return item.category.startswith(DATA_CARRIERS)


class ProjectState(StrEnum):
    """Where a project stands; the columns of the board."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


PROJECT_STATE_NAMES = {
    ProjectState.DRAFT: N_("筹备"),
    ProjectState.SUBMITTED: N_("待批准"),
    ProjectState.APPROVED: N_("已批准"),
    ProjectState.RUNNING: N_("处置中"),
    ProjectState.COMPLETED: N_("已办结"),
    ProjectState.CANCELLED: N_("已终止"),
}


class ProjectAction(StrEnum):
    """A named transition of a project."""

    SUBMIT = "submit"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    START = "start"
    COMPLETE = "complete"
    CANCEL = "cancel"


PROJECT_ACTION_NAMES = {
    ProjectAction.SUBMIT: N_("报送批准"),
    ProjectAction.APPROVE: N_("批准"),
    ProjectAction.SEND_BACK: N_("退回"),
    ProjectAction.START: N_("进入处置"),
    ProjectAction.COMPLETE: N_("办结"),
    ProjectAction.CANCEL: N_("终止"),
}


ProjectStep = Step[ProjectState, ProjectAction]
_S, _A, _P = ProjectState, ProjectAction, Permission
PROJECT_STEPS = (
    ProjectStep(_S.DRAFT, _A.SUBMIT, _S.SUBMITTED, _P.DISPOSE),
    ProjectStep(_S.SUBMITTED, _A.APPROVE, _S.APPROVED, _P.APPROVE_DISPOSAL),
    ProjectStep(_S.SUBMITTED, _A.SEND_BACK, _S.DRAFT, _P.APPROVE_DISPOSAL),
    ProjectStep(_S.APPROVED, _A.START, _S.RUNNING, None),
    ProjectStep(_S.APPROVED, _A.COMPLETE, _S.COMPLETED, _P.DISPOSE),
    ProjectStep(_S.RUNNING, _A.COMPLETE, _S.COMPLETED, None),
    ProjectStep(_S.DRAFT, _A.CANCEL, _S.CANCELLED, _P.DISPOSE),
    ProjectStep(_S.SUBMITTED, _A.CANCEL, _S.CANCELLED, _P.DISPOSE),
    ProjectStep(_S.APPROVED, _A.CANCEL, _S.CANCELLED, _P.DISPOSE),
    ProjectStep(_S.RUNNING, _A.CANCEL, _S.CANCELLED, _P.DISPOSE),
)


def project_step(state: ProjectState, action: ProjectAction) -> ProjectStep:
    """The row that leads from ``state`` by ``action``.

    Raises:
        Conflict: there is none.
    """
    message = N_("处置项目目前为“%(state_name)s”，不能%(action_name)s。请刷新页面查看最新状态。")
    return find_step(PROJECT_STEPS, state, action, message, PROJECT_STATE_NAMES, PROJECT_ACTION_NAMES)


def project_actions(
    state: ProjectState, way: Way, actor: Actor, unit_path: Sequence[int]
) -> tuple[ProjectAction, ...]:
    """What the actor is offered; an approved sale is completed by its auction, not by hand."""
    return tuple(
        row.action
        for row in PROJECT_STEPS
        if row.source is state
        and row.permission is not None
        and actor.may(row.permission, unit_path)
        and not (row.action is ProjectAction.COMPLETE and way is Way.AUCTION)
    )


def check_four_eyes(actor_id: int | None, prepared_by: int | None) -> None:
    """Nobody approves what they prepared.

    Raises:
        NotAllowed: it is the same person.
    """
    if actor_id is not None and actor_id == prepared_by:
        raise NotAllowed(N_("不能批准自己准备的处置或公告。请由其他有权批准的人办理。"), code="own_work")
