"""Projects of disposal for programs: follow them, take them a step on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Response

from marketplace.api.blueprint import answer
from marketplace.api.calls import does, reads
from marketplace.api.cards import plain
from marketplace.api.disposal_schemas import ProjectAct, ProjectOut, ProjectQuery, ProjectsOut
from marketplace.db.auctions import Auction, Lot
from marketplace.db.disposals import Project
from marketplace.domain.disposals import REQUIREMENTS
from marketplace.domain.permissions import Permission
from marketplace.edge.context import actor, db, now, today
from marketplace.use_cases import disposal_actions, disposal_lists, disposals


@reads(
    "/disposals",
    ProjectsOut,
    "Projects of disposal that you may see, newest first",
    Permission.READ_DISPOSALS,
    query=ProjectQuery,
)
def find_disposals(query: ProjectQuery) -> Response:
    """A page of projects; follow next_cursor to the last one."""
    found = disposal_lists.newest(
        db(),
        actor(),
        states=[query.state] if query.state else (),
        way=query.way,
        q=query.q,
        before=int(query.cursor) if query.cursor else None,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    counts = disposals.count_items(db(), [project.id for project in shown])
    items = [_summary(project, *counts[project.id]) for project in shown]
    return answer({"items": items, "next_cursor": str(shown[-1].id) if len(found) > query.limit else None})


@reads(
    "/disposals/<int:project_id>",
    ProjectOut,
    "A project with its assets, conditions and lots",
    Permission.READ_DISPOSALS,
)
def open_disposal(project_id: int) -> Response:
    """Where the project stands, what is missing, and what you may do."""
    return answer(_whole(disposals.load(db(), actor(), project_id)))


@does(
    "/disposals/<int:project_id>/actions",
    ProjectAct,
    ProjectOut,
    "Submit, approve, send back, complete or cancel a project",
    *(Permission.DISPOSE, Permission.APPROVE_DISPOSAL),
    description="A refused action answers 409 with the state and what is allowed.",
)
def act_on_disposal(project_id: int, body: ProjectAct) -> Response:
    """Take a project one step."""
    call = disposal_actions.Call(db(), actor(), now(), today(), project_id, body.reason)
    return answer(_whole(disposal_actions.perform(call, body.action)))


def _summary(project: Project, count: int, value: Decimal) -> dict[str, Any]:
    return {
        "id": project.id,
        "number": project.number,
        "title": project.title,
        "way": project.way,
        "state": project.state,
        "unit": {"code": project.unit.code, "name": project.unit.name},
        "asset_count": count,
        "original_value": str(value),
        "created_at": plain(project.created_at),
        "approved_at": plain(project.approved_at),
        "version": project.version,
    }


def _whole(project: Project) -> dict[str, Any]:
    value = sum((item.asset.original_value for item in project.items), Decimal(0))
    return _summary(project, len(project.items), value) | {
        "appraiser": project.appraiser,
        "appraised_on": plain(project.appraised_on),
        "recipient": project.recipient,
        "reason": project.reason,
        "items": [
            {
                "asset_id": item.asset_id,
                "number": item.asset.number,
                "name": item.asset.name,
                "original_value": plain(item.asset.original_value),
                "why": item.why,
                "appraised": plain(item.appraised),
                "defects": item.defects,
                "open": item.open,
            }
            for item in project.items
        ],
        "conditions": _conditions(project),
        "auctions": [_auction(one) for one in disposal_lists.auctions_with_lots(db(), project.id)],
        "allowed_actions": disposal_actions.allowed(actor(), project),
    }


def _conditions(project: Project) -> list[dict[str, Any]]:
    evidence = {row.kind: row.evidence for row in project.conditions if row.met}
    return [
        {
            "kind": one.kind,
            "met": one.met,
            "basis": REQUIREMENTS[one.kind].basis,
            "automatic": REQUIREMENTS[one.kind].automatic,
            "evidence": evidence.get(one.kind, ""),
            "failing": one.failing,
        }
        for one in disposals.conditions_of(db(), project, today())
    ]


def _auction(auction: Auction) -> dict[str, Any]:
    return {
        "number": auction.number,
        "state": auction.state,
        "starts_at": plain(auction.starts_at),
        "ends_at": plain(auction.ends_at),
        "lots": [_lot(lot) for lot in auction.lots],
    }


def _lot(lot: Lot) -> dict[str, Any]:
    amounts = {name: str(getattr(lot, name)) for name in ("start_price", "deposit", "increment")}
    sold_for = plain(lot.result.price) if lot.result else None
    return {"number": lot.number, "name": lot.name, "state": lot.state, "sold_for": sold_for, **amounts}
