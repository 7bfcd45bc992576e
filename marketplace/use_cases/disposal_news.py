"""Who is told what when a disposal project or an auction goes to those who decide, and comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.auctions import Auction
from marketplace.db.disposals import Project, ProjectItem
from marketplace.db.people import Unit, users_with
from marketplace.domain.auctions import AuctionAction
from marketplace.domain.disposals import WAY_NAMES, ProjectAction
from marketplace.domain.permissions import ROLE_PERMISSIONS, Actor, Permission, Role
from marketplace.use_cases import messages
from marketplace.use_cases.auction_rules import rules_of

APPROVERS = tuple(role for role in Role if Permission.APPROVE_DISPOSAL in ROLE_PERMISSIONS[role])


def project_moved(
    session: Session, actor: Actor, now: dt.datetime, project: Project, action: ProjectAction
) -> None:
    """What was asked is done; whoever comes next is told."""
    link = f"/disposals/{project.id}"
    messages.settle(session, link)
    if action not in _PROJECT_KINDS:
        return
    kind, approving = _PROJECT_KINDS[action]
    roles = _project_roles(session, project) if approving else ()
    users = _others(session, project, roles, [project.prepared_by], approving=approving)
    values = {
        "number": project.number,
        "project": project.title,
        "person": actor.name,
        "way": WAY_NAMES[project.way],
        "reason": project.reason,
    }
    messages.tell_named(session, now, users, kind, values, link=link, besides=actor.user_id)


def received(session: Session, actor: Actor, now: dt.datetime, project: Project, receiver: Unit) -> None:
    """The receiving unit's asset officers learn that cards were opened for them."""
    officers = users_with(session, Role.UNIT_ASSET_OFFICER, receiver.id)
    values = {
        "unit": receiver.name,
        "count": len(project.items),
        "number": project.number,
        "project": project.title,
    }
    link = f"/assets?unit={receiver.id}"
    messages.tell_named(session, now, officers, "disposal.received", values, link=link, besides=actor.user_id)


def auction_moved(
    session: Session, actor: Actor, now: dt.datetime, auction: Auction, action: AuctionAction
) -> None:
    """What was asked is done; whoever comes next is told."""
    link = f"/disposals/auctions/{auction.id}"
    messages.settle(session, link)
    if action not in _AUCTION_KINDS:
        return
    kind, approving = _AUCTION_KINDS[action]
    authors = [auction.prepared_by, auction.submitted_by]
    users = _others(session, auction.project, APPROVERS if approving else (), authors, approving=approving)
    values = {
        "number": auction.number,
        "project": auction.project.title,
        "person": actor.name,
        "reason": auction.reason,
    }
    messages.tell_named(session, now, users, kind, values, link=link, besides=actor.user_id)


def _others(
    session: Session,
    project: Project,
    roles: Iterable[Role],
    authors: Iterable[int | None],
    *,
    approving: bool,
) -> set[int]:
    """Who decides, but for those whose work it is; or else these."""
    own = {author for author in authors if author is not None}
    if not approving:
        return own
    return {user for role in roles for user in users_with(session, role, project.unit_id)} - own


def _project_roles(session: Session, project: Project) -> tuple[Role, ...]:
    """Who may approve it: from the threshold on, the finance department alone."""
    value = session.scalar(
        select(func.sum(Asset.original_value))
        .join(ProjectItem, ProjectItem.asset_id == Asset.id)
        .where(ProjectItem.project_id == project.id)
    )
    above = (value or Decimal(0)) >= rules_of(session).approval_threshold
    return (Role.FINANCE_APPROVER,) if above else APPROVERS


_PROJECT_KINDS = {
    ProjectAction.SUBMIT: ("disposal.to_approve", True),
    ProjectAction.APPROVE: ("disposal.approved", False),
    ProjectAction.SEND_BACK: ("disposal.sent_back", False),
}
"""What is told, and whether to those who approve."""
_AUCTION_KINDS = {
    AuctionAction.SUBMIT: ("auction.to_approve", True),
    AuctionAction.APPROVE: ("auction.approved", False),
    AuctionAction.SEND_BACK: ("auction.sent_back", False),
}
