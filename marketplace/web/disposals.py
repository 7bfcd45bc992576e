"""处置: projects by stage, candidates, and the check list that says which article asks for what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.disposals import Project
from marketplace.domain import values
from marketplace.domain.disposals import (
    PROJECT_ACTION_NAMES,
    PROJECT_STATE_NAMES,
    REQUIREMENTS,
    WAY_NAMES,
    WHY_NAMES,
    WITH_RECIPIENT,
    ConditionKind,
    ProjectAction,
    ProjectState,
    Way,
)
from marketplace.domain.errors import FieldError, Invalid, RuleError, invalid_field
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import (
    auctions,
    disposal_actions,
    disposal_candidates,
    disposal_lists,
    disposal_preparation,
    disposals,
    proceeds,
)
from marketplace.use_cases.disposal_candidates import Wish

blueprint = Blueprint("disposals", __name__, url_prefix="/disposals")

BOARD_PAGE = 60
"""Projects that the board shows at once."""
Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.READ_DISPOSALS)
def board() -> str:
    """Projects by stage, found by words, way and stage, and the proceeds that aren't at the treasury yet."""
    q, way, state = _wish()
    before = request.args.get("before", type=int)
    chosen = [state] if state else []
    found = disposal_lists.newest(
        db(), actor(), states=chosen, way=way, q=q, before=before, limit=BOARD_PAGE + 1
    )
    shown, rest = found[:BOARD_PAGE], found[BOARD_PAGE:]
    wish = {"q": q, "way": way or "", "state": state or ""}
    kept: dict[str, Any] = {name: value for name, value in wish.items() if value}
    return render_template(
        "disposals/board.html",
        wish=wish,
        narrowed=bool(kept),
        columns=[
            (name, state, [one for one in shown if one.state is state])
            for state, name in PROJECT_STATE_NAMES.items()
            if not chosen or state in chosen
        ],
        totals=disposal_lists.count_by_state(db(), actor(), way=way, q=q),
        counts=disposals.count_items(db(), [project.id for project in shown]),
        first_url=url_for("disposals.board", **kept) if before else "",
        next_url=url_for("disposals.board", **kept, before=shown[-1].id) if rest else "",
        ways=WAY_NAMES,
        way_options=[(way.value, gettext(name)) for way, name in WAY_NAMES.items()],
        state_options=[(state.value, gettext(name)) for state, name in PROJECT_STATE_NAMES.items()],
        owed=proceeds.owed(db(), actor()),
        sums=proceeds.sums(db(), actor()),
        may_open=actor().may_anywhere(Permission.DISPOSE),
    )


def _wish() -> tuple[str, Way | None, ProjectState | None]:
    """What the board is narrowed to; what is no way and no stage is passed over."""
    args = request.args
    way, state = args.get("way", ""), args.get("state", "")
    return (
        args.get("q", "")[:100],
        Way(way) if way in WAY_NAMES else None,
        ProjectState(state) if state in PROJECT_STATE_NAMES else None,
    )


@blueprint.get("/new")
@needs(Permission.DISPOSE)
def new() -> str:
    """Candidates to choose from, each with the reason why it is there."""
    return _candidates()


@blueprint.post("/new")
@needs(Permission.DISPOSE)
def create() -> Page:
    """Open a project of the chosen cards."""
    ids = request.form.getlist("asset", type=int)
    try:
        way = values.read_choice(request.form.get("way", ""), {way: (way.value,) for way in Way})
        assets = disposal_candidates.reasons(db(), actor(), today(), ids)
        title = request.form.get("title", "")
        project = disposal_preparation.open_project(db(), actor(), now(), today(), way, title, assets)
    except (RuleError, ValueError) as error:
        db().rollback()
        told = message_of(error) if isinstance(error, RuleError) else gettext("请选择处置方式。")
        return _candidates(error=told, chosen=set(ids)), 422
    return redirect(url_for("disposals.page", project_id=project.id))


@blueprint.get("/<int:project_id>")
@needs(Permission.READ_DISPOSALS)
def page(project_id: int) -> str:
    """A project: its cards, its check list, what comes next."""
    return project_page(disposals.load(db(), actor(), project_id))


@blueprint.post("/<int:project_id>/facts")
@needs(Permission.DISPOSE)
def facts(project_id: int) -> Page:
    """Save appraisal and recipient of the project, appraised values and defects of its cards."""
    return _done(project_id, lambda: _save_facts(project_id), gettext("已保存。"))


@blueprint.post("/<int:project_id>/conditions/<kind>")
@needs(Permission.DISPOSE)
def condition(project_id: int, kind: str) -> Page:
    """Record what proves a condition."""
    if kind not in REQUIREMENTS:
        return redirect(url_for("disposals.page", project_id=project_id))
    evidence = request.form.get("evidence", "")

    def record() -> None:
        disposal_preparation.set_condition(db(), actor(), now(), project_id, ConditionKind(kind), evidence)

    return _done(project_id, record, gettext("已登记。") if evidence.strip() else gettext("已撤销登记。"))


@blueprint.post("/<int:project_id>/<any(submit, approve, send_back, complete, cancel):action>")
@needs(Permission.DISPOSE, Permission.APPROVE_DISPOSAL)
def act(project_id: int, action: str) -> Page:
    """Take a project one step."""
    reason = request.form.get("reason", "")
    name = gettext(PROJECT_ACTION_NAMES[ProjectAction(action)])
    return _done(project_id, lambda: _act(project_id, action, reason), gettext("已%(action)s。", action=name))


def _act(project_id: int, action: str, reason: str) -> None:
    call = disposal_actions.Call(db(), actor(), now(), today(), project_id, reason)
    disposal_actions.ACTIONS[ProjectAction(action)](call)


def _save_facts(project_id: int) -> None:
    form = request.form
    day = form.get("appraised_on", "").strip()
    given = {
        "appraiser": form.get("appraiser", "").strip()[:200],
        "recipient": form.get("recipient", "").strip()[:200],
        "appraised_on": _read("appraised_on", values.read_date, day) if day else None,
        "receiver_id": _receiver(form.get("receiver", "").strip()),
    }
    disposal_preparation.edit(db(), actor(), now(), project_id, given)
    items = {item: _item(item, form) for item in form.getlist("item", type=int)}
    disposal_preparation.appraise(db(), actor(), now(), project_id, items)


def _receiver(code: str) -> int | None:
    """The unit of this system with the code that was chosen; none where nothing was."""
    if not code:
        return None
    unit = disposal_preparation.receiver_with(db(), code)
    if unit is None:
        raise invalid_field("receiver", N_("没有编码为“%(code)s”的单位，请从列表中选择。"), code=code)
    return unit.id


def _item(item: int, form: Mapping[str, str]) -> tuple[Decimal | None, str]:
    typed = form.get(f"appraised-{item}", "").strip()
    value = _read(f"appraised-{item}", values.read_money, typed) if typed else None
    return value or None, form.get(f"defects-{item}", "")[:1000]


def _read(name: str, reader: Callable[[object], Any], typed: str) -> Any:
    try:
        return reader(typed)
    except ValueError as error:
        raise Invalid(str(error), fields=(FieldError(name, str(error), {}),)) from None


def _done(project_id: int, do: Callable[[], object], told: str) -> Page:
    """Do it and show the project anew, or show it with what is wrong; what was typed stays."""
    try:
        do()
    except RuleError as error:
        db().rollback()
        return project_page(disposals.load(db(), actor(), project_id), error=error), status_of(error)
    flash(told, "ok")
    return redirect(url_for("disposals.page", project_id=project_id))


def project_page(project: Project, *, error: RuleError | None = None) -> str:
    """A project with everything that can be done about it, and what went wrong if something did."""
    path = project.unit.path
    editable = project.state is ProjectState.DRAFT and actor().may(Permission.DISPOSE, path)
    recorded = {row.kind: row for row in project.conditions}
    return render_template(
        "disposals/project.html",
        project=project,
        standings=disposals.conditions_of(db(), project, today()),
        requirements=REQUIREMENTS,
        recorded=recorded,
        editable=editable,
        actions=disposal_actions.allowed(actor(), project),
        action_names=PROJECT_ACTION_NAMES,
        project_states=PROJECT_STATE_NAMES,
        ways=WAY_NAMES,
        whys=WHY_NAMES,
        auctions=auctions.of_project(db(), project.id),
        may_draft=project.way is Way.AUCTION
        and project.state in (ProjectState.APPROVED, ProjectState.RUNNING)
        and actor().may(Permission.DISPOSE, path),
        receivers=disposal_preparation.receiving_units(db())
        if editable and project.way is Way.GRATUITOUS_TRANSFER
        else [],
        with_recipient=project.way in WITH_RECIPIENT,
        typed=request.form if error else {},
        tried=request.view_args.get("action", "") if error and request.view_args else "",
        error=message_of(error) if error else "",
        basis_of_error=error.basis if error else "",
        mistakes=[message_of(one) for one in error.fields] if isinstance(error, Invalid) else [],
        total=sum((item.asset.original_value for item in project.items), Decimal(0)),
    )


def _candidates(*, error: str = "", chosen: set[int] | None = None) -> str:
    args = request.values
    wish = Wish(
        q=args.get("q", "")[:100],
        category=args.get("category", "")[:41],
        unit_id=args.get("unit", 0, type=int),
        place=args.get("place", "")[:100],
        everything=bool(args.get("everything")),
    )
    return render_template(
        "disposals/new.html",
        wish=wish,
        candidates=disposal_candidates.candidates(db(), actor(), today(), wish),
        whys=WHY_NAMES,
        ways=[(way.value, gettext(name)) for way, name in WAY_NAMES.items()],
        chosen=chosen or set(),
        limit=disposal_candidates.PAGE,
        error=error,
    )
