"""Who the token belongs to, and the directory of units."""

from __future__ import annotations

from flask import Response
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from marketplace.api.blueprint import TOKEN, answer, blueprint
from marketplace.api.calls import reads
from marketplace.api.schemas import MeOut, UnitQuery, UnitsOut
from marketplace.db.people import RoleGrant, Unit
from marketplace.domain.permissions import ROLE_PERMISSIONS, Permission
from marketplace.edge.access import signed_in
from marketplace.edge.context import db, identity


@blueprint.get("/me")
@blueprint.output(MeOut)
@blueprint.doc(summary="The account behind the token", security=TOKEN)
@signed_in()
def me() -> Response:
    """The account, its roles and what they permit."""
    found = identity()
    assert found is not None
    rows = db().execute(
        select(RoleGrant.role, Unit.code, Unit.name)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(RoleGrant.user_id == found.actor.user_id)
        .order_by(RoleGrant.id)
    )
    permissions = {permission for role in found.actor.roles() for permission in ROLE_PERMISSIONS[role]}
    return answer(
        {
            "username": found.username,
            "name": found.actor.name,
            "locale": found.actor.locale,
            "unit": {"code": found.home_unit_code, "name": found.home_unit_name},
            "roles": [{"role": role, "unit": {"code": code, "name": name}} for role, code, name in rows],
            "permissions": sorted(permissions),
        }
    )


@reads(
    "/units",
    UnitsOut,
    "The directory of units",
    *(Permission.FIND, Permission.MANAGE_UNITS, Permission.MANAGE_USERS),
    query=UnitQuery,
)
def units(query: UnitQuery) -> Response:
    """Names and codes, in the order of codes; nothing about what the units own."""
    parent = aliased(Unit)
    wanted = (
        select(Unit.code, Unit.name, Unit.kind, Unit.region_code, Unit.region_name, parent.code)
        .outerjoin(parent, parent.id == Unit.parent_id)
        .where(Unit.active, Unit.code > query.cursor)
        .order_by(Unit.code)
        .limit(query.limit + 1)
    )
    if query.q:
        wanted = wanted.where(
            or_(Unit.name.icontains(query.q, autoescape=True), Unit.code.startswith(query.q))
        )
    if query.region:
        wanted = wanted.where(Unit.region_code == query.region)
    if query.parent:
        wanted = wanted.where(parent.code == query.parent)
    rows = db().execute(wanted).all()
    page = rows[: query.limit]
    items = [
        {
            "code": row[0],
            "name": row[1],
            "kind": row[2],
            "region": {"code": row[3], "name": row[4]},
            "parent_code": row[5],
        }
        for row in page
    ]
    return answer({"items": items, "next_cursor": page[-1][0] if len(rows) > query.limit else None})
