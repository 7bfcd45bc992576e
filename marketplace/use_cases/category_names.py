"""What classes are called in everyday speech, for choosing one."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import any_, or_, select
from sqlalchemy.orm import Session

from marketplace.db.catalogue import Category, SynonymGroup
from marketplace.domain.errors import invalid_field
from marketplace.domain.text import N_
from marketplace.use_cases.assets import CategoryKey
from marketplace.use_cases.catalogue import find_categories


def also_called(session: Session) -> Mapping[str, str]:
    """Colloquial names by the name of a class, as one text to search in."""
    same = or_(Category.name == SynonymGroup.canonical, Category.name == any_(SynonymGroup.words))
    query = select(Category.name, SynonymGroup.canonical, SynonymGroup.words).join(SynonymGroup, same)
    return {
        name: " ".join((canonical, *words)) for name, canonical, words in session.execute(query.distinct())
    }


def read_category(session: Session, typed: str) -> CategoryKey | None:
    """The class that was chosen (``edition:code``) or typed (a code or a name that only one class has).

    Raises:
        Invalid: it could be several classes, or none.
    """
    edition, colon, code = (part.strip() for part in typed.replace("：", ":").partition(":"))
    if not edition:
        return None
    if colon and code:
        return edition, code
    same = [node for node in find_categories(session, edition) if edition in (node.code, node.name)]
    if len(same) != 1:
        raise invalid_field("category", N_("请从列表中选择分类，或填写版本和代码，如 2022:A02010105。"))
    return same[0].edition, same[0].code
