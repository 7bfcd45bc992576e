"""What a person may do with a project of disposal, and every such action by its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from marketplace.db.disposals import Project
from marketplace.domain.disposals import ProjectAction, project_actions
from marketplace.domain.errors import Conflict, NotAllowed
from marketplace.domain.permissions import Actor
from marketplace.use_cases import disposal_decisions, disposals


@dataclass(frozen=True, slots=True)
class Call:
    """Who acts, when, on which project, and why."""

    session: Session
    actor: Actor
    now: dt.datetime
    today: dt.date
    project_id: int
    reason: str


def allowed(actor: Actor, project: Project) -> tuple[ProjectAction, ...]:
    """What the actor may do with a project as it stands; nobody is offered to approve their own."""
    own = actor.user_id is not None and actor.user_id == project.prepared_by
    offered = project_actions(project.state, project.way, actor, project.unit.path)
    return tuple(action for action in offered if not (own and action is ProjectAction.APPROVE))


def perform(call: Call, action: ProjectAction) -> Project:
    """Do it; gives the project as it stands then.

    Raises:
        NotFound: there is no such project, or the actor may not know of it.
        Conflict: it can't be done now, or not by the actor: with the state, and what the actor may do.
        Invalid: a condition is missing, or the reason can't be accepted.
    """
    disposals.load(call.session, call.actor, call.project_id)
    try:
        with call.session.begin_nested():
            return ACTIONS[action](call)
    except (NotAllowed, Conflict) as error:
        call.session.expire_all()
        project = disposals.load(call.session, call.actor, call.project_id)
        raise Conflict(
            error.message,
            state=project.state,
            allowed=allowed(call.actor, project),
            code=error.code,
            **error.params,
        ) from error


def _on(call: Call) -> tuple[Session, Actor, dt.datetime, dt.date, int]:
    return call.session, call.actor, call.now, call.today, call.project_id


def _with_reason(call: Call) -> tuple[Session, Actor, dt.datetime, int, str]:
    return call.session, call.actor, call.now, call.project_id, call.reason


ACTIONS: dict[ProjectAction, Callable[[Call], Project]] = {
    ProjectAction.SUBMIT: lambda call: disposal_decisions.submit(*_on(call)),
    ProjectAction.APPROVE: lambda call: disposal_decisions.approve(*_on(call)),
    ProjectAction.SEND_BACK: lambda call: disposal_decisions.send_back(*_with_reason(call)),
    ProjectAction.COMPLETE: lambda call: disposal_decisions.complete(*_on(call)),
    ProjectAction.CANCEL: lambda call: disposal_decisions.cancel(*_with_reason(call)),
}
"""What people do; a sale is started and completed by its auction."""
