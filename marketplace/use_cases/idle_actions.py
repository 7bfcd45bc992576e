"""What a person may do with an idle flag, and every such action by its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from marketplace.db.idle import IdleFlag
from marketplace.domain.errors import Conflict, NotAllowed
from marketplace.domain.idle import FlagAction, FlagState, Review, flag_state
from marketplace.domain.permissions import Actor, Permission
from marketplace.use_cases import idle
from marketplace.use_cases.idle import Outcome

_ANSWERS = (FlagAction.LIST, FlagAction.CONFIRM, FlagAction.OBJECT)
_REVIEWS = (FlagAction.ACCEPT, FlagAction.REFUSE)


@dataclass(frozen=True, slots=True)
class Call:
    """Who acts, when, on which flag, and why."""

    session: Session
    actor: Actor
    now: dt.datetime
    today: dt.date
    flag_id: int
    reason: str


def state_of(flag: IdleFlag) -> FlagState:
    """Where a flag stands."""
    return flag_state(flag.answer, closed=flag.closed_at is not None)


def allowed(actor: Actor, flag: IdleFlag) -> tuple[FlagAction, ...]:
    """What the actor may do with a flag as it stands."""
    state, path = state_of(flag), flag.asset.unit.path
    if state is FlagState.CLOSED:
        return ()
    if state is FlagState.REVIEW:
        own = flag.answered_by is not None and flag.answered_by == actor.user_id
        return _REVIEWS if actor.may(Permission.REVIEW_IDLE, path) and not own else ()
    if not actor.may(Permission.LIST_ASSETS, path):
        return ()
    return _ANSWERS[:2] if flag.review is Review.REFUSED else _ANSWERS


def perform(call: Call, action: FlagAction) -> IdleFlag:
    """Do it; gives the flag as it stands then.

    Raises:
        NotFound: there is no such flag, or the actor may not know of it.
        Conflict: it can't be done now, or not by the actor: with the state, and what the actor may do.
        Invalid: the reason can't be accepted.
    """
    idle.find(call.session, call.actor, call.flag_id)
    try:
        with call.session.begin_nested():
            _DO[action](call)
    except (NotAllowed, Conflict) as error:
        call.session.expire_all()
        flag = idle.find(call.session, call.actor, call.flag_id)
        raise Conflict(
            error.message,
            state=state_of(flag),
            allowed=allowed(call.actor, flag),
            code=error.code,
            **error.params,
        ) from error
    call.session.expire_all()
    return idle.find(call.session, call.actor, call.flag_id)


def _list(call: Call) -> None:
    _only(call, idle.put_on_offer(call.session, call.actor, call.now, [call.flag_id]))


def _confirm(call: Call) -> None:
    _only(call, idle.confirm(call.session, call.actor, call.now, [call.flag_id]))


def _object(call: Call) -> None:
    _only(call, idle.object_to(call.session, call.actor, call.now, [call.flag_id], call.reason))


def _review(call: Call, *, accept: bool) -> None:
    idle.review(call.session, call.actor, call.now, call.today, call.flag_id, accept=accept, note=call.reason)


def _only(call: Call, outcome: Outcome) -> None:
    """Answers go by the dozen, each with its own refusal; here it is the only one."""
    if call.flag_id in outcome.refused:
        raise outcome.refused[call.flag_id]


_DO: dict[FlagAction, Callable[[Call], None]] = {
    FlagAction.LIST: _list,
    FlagAction.CONFIRM: _confirm,
    FlagAction.OBJECT: _object,
    FlagAction.ACCEPT: lambda call: _review(call, accept=True),
    FlagAction.REFUSE: lambda call: _review(call, accept=False),
}
