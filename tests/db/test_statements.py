"""Queries that are put together once: asked by the driver, in a session, and within other queries."""

from __future__ import annotations

from sqlalchemy import String, bindparam, cast, func, literal, select
from sqlalchemy.orm import Session

from marketplace.db.people import Unit
from marketplace.db.statements import Statement
from tests import factories

NAMED = Statement(
    select(Unit.id, literal("50 % : a") + cast(Unit.code, String)).where(
        Unit.name == bindparam("name"), func.length(Unit.code) > 1
    )
)
IDS = Statement(select(Unit.id).where(Unit.name == bindparam("name"), Unit.code != "X"))


def test_the_driver_and_a_session_are_answered_alike(session: Session) -> None:
    unit = factories.unit(session, code="U1", name="甲")
    driver = session.connection().connection.driver_connection
    assert driver is not None
    wanted = [(unit.id, "50 % : aU1")]
    assert list(NAMED.rows(session, {"name": "甲"})) == wanted
    assert list(NAMED.rows(driver, {"name": "甲"})) == wanted
    assert list(NAMED.rows(session, {"name": "乙"})) == []


def test_two_within_one_query_keep_their_values(session: Session) -> None:
    units = [factories.unit(session, code=f"U{name}", name=name) for name in "甲乙丙"]
    found = select(Unit.code).where(
        Unit.id.bool_op("IN")(IDS.within(name="甲")) | Unit.id.bool_op("IN")(IDS.within(name="乙")),
        Unit.code != "U丙",
    )
    assert set(session.scalars(found)) == {unit.code for unit in units[:2]}
