"""The standards of this release speak of classes that exist, and load the same however often."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.standards import Standard, StandardVersion
from marketplace.reference import standards
from marketplace.reference.catalogue import categories


def test_every_class_is_in_the_catalogue_and_every_row_in_a_version() -> None:
    known = {f"{row['edition']}:{row['code']}" for row in categories()}
    versions = {row["code"] for row in standards.versions()}
    rows = standards.standards()
    assert {name for row in rows for name in row["classes"]} - known == set()
    assert {row["version_code"] for row in rows} == versions
    assert all(row["evidence"] and row["quantity"] and row["minimum_years"] for row in rows)


def test_loading_again_changes_nothing_and_drops_what_is_no_longer_there(session: Session) -> None:
    standards.load_standards(session)
    extra = {"version_code": "caizi-2016-27", "item": "旧行", "classes": [], "quantity": "无"}
    session.add(Standard(**extra))
    session.flush()
    standards.load_standards(session)
    count = session.scalar(select(func.count()).select_from(Standard))
    assert count == len(standards.standards())
    assert session.scalar(select(func.count()).select_from(StandardVersion)) == 2
