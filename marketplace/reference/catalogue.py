"""Classes of GB/T 14885 and colloquial names that come with a release.

The tables beside this file are the project's own: ``categories.csv`` holds every edition, each row
with its evidence, because only parts of the standard could be seen in use; ``synonyms.csv`` is what
a new installation starts with and its managers then edit.
"""

from __future__ import annotations

import csv
from importlib import resources
from typing import Any

from sqlalchemy import String, cast, exists, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.catalogue import Category, SynonymGroup
from marketplace.db.outbox import reindex_soon_where
from marketplace.reference.standards import load_standards
from marketplace.reference.working_days import load_default_policy, load_holidays

EDITIONS = ("2022", "2013", "2010")
"""GB/T 14885-2022, the government procurement table of 2013, GB/T 14885-2010; newest first."""

WORD_SEPARATOR = "、"

Row = dict[str, Any]


def load_reference(session: Session) -> None:
    """Bring this release's classes into the database, and its synonyms into one that has none.

    Also the years of the calendar that are missing, the approval policy where there is none, and the
    allocation standards. Safe to repeat, and by several processes at once. Classes and standards are
    corrected by a release, so theirs overwrites; synonyms, days and policy belong to their managers once
    there are any.
    """
    _reindex_assets_of(session, _upsert_categories(session))
    if not session.scalar(select(exists().select_from(SynonymGroup))):
        session.execute(insert(SynonymGroup).on_conflict_do_nothing(), synonym_groups())
    load_holidays(session)
    load_default_policy(session)
    load_standards(session)


def categories() -> list[Row]:
    """All classes, each with its ``path`` of codes from the top class down."""
    rows = _read("categories.csv")
    parents = {(row["edition"], row["code"]): row["parent"] for row in rows}
    return [
        {
            "edition": row["edition"],
            "code": row["code"],
            "name": row["name"],
            "parent_code": row["parent"] or None,
            "path": _path(parents, row["edition"], row["code"]),
            "evidence": row["evidence"],
        }
        for row in rows
    ]


def synonym_groups() -> list[Row]:
    """The groups a new installation starts with."""
    return [
        {"canonical": row["canonical"], "words": row["words"].split(WORD_SEPARATOR)}
        for row in _read("synonyms.csv")
    ]


def _read(name: str) -> list[dict[str, str]]:
    table = resources.files("marketplace.reference").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(table.splitlines()))


def _path(parents: dict[tuple[str, str], str], edition: str, code: str) -> list[str]:
    path = [code]
    while parent := parents[edition, path[0]]:
        path.insert(0, parent)
    return path


def _upsert_categories(session: Session) -> list[tuple[str, str]]:
    """Edition and code of the classes that were new or had changed."""
    statement = insert(Category).execution_options(render_nulls=True)
    given = statement.excluded
    changing = ("name", "parent_code", "path", "evidence")
    upsert = statement.on_conflict_do_update(
        index_elements=["edition", "code"],
        set_={name: given[name] for name in changing},
        where=or_(*(getattr(Category, name).is_distinct_from(given[name]) for name in changing)),
    ).returning(Category.edition, Category.code)
    return [(row.edition, row.code) for row in session.execute(upsert, categories())]


def _reindex_assets_of(session: Session, changed: list[tuple[str, str]]) -> None:
    """Documents carry the names of an asset's class and of all above it."""
    for edition in {edition for edition, _ in changed}:
        codes = [code for of, code in changed if of == edition]
        affected = (Category.edition == edition) & Category.path.bool_op("&&")(cast(codes, ARRAY(String)))
        reindex_soon_where(session, select(Asset.id).join(Asset.category).where(affected))
