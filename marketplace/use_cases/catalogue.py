"""The catalogue: classes to pick from, and the colloquial names that find them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    any_,
    case,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.catalogue import Category, SynonymGroup
from marketplace.db.outbox import reindex_soon_where
from marketplace.domain.errors import Conflict, FieldError, Invalid, NotAllowed, NotFound, invalid_field
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_, clean, normalise
from marketplace.use_cases import audit

WORD_LENGTH = 60
WORDS_PER_GROUP = 50
PAGE = 100
CATALOGUE_LOCK = 7_351_101
"""Advisory lock: synonyms change one after the other, so that a word never enters two groups."""

_SEPARATORS = re.compile(r"[、,，;；\n]+")
_LIKE_SIGNS = re.compile(r"([%_\\])")
_ESCAPED = r"\\\1"


@dataclass(frozen=True, slots=True)
class CategoryNode:
    """A class as pickers show it; ``depth`` 0 is a top class."""

    edition: str
    code: str
    name: str
    depth: int


def category_tree(session: Session) -> list[CategoryNode]:
    """All classes, newest edition first, each followed by what is below it."""
    return _nodes(session, _classes().order_by(Category.edition.desc(), Category.path))


def editions(session: Session) -> Sequence[str]:
    """The editions of the catalogue, newest first."""
    return session.scalars(select(Category.edition).distinct().order_by(Category.edition.desc())).all()


def find_categories(session: Session, q: str, *, limit: int = 20) -> list[CategoryNode]:
    """Classes by the start of their code, a part of their name, or a colloquial name; best first."""
    wanted = normalise(q)
    if not wanted:
        return []
    code, name = func.lower(Category.code), _folded(Category.name)
    rank = case(
        (or_(code == wanted, name == wanted), 0),
        (or_(code.startswith(wanted, autoescape=True), name.startswith(wanted, autoescape=True)), 1),
        (_called(wanted), 2),
        (_has(name, wanted), 3),
    )
    query = _classes().where(rank.is_not(None))
    order = (rank, Category.edition.desc(), func.length(Category.name), Category.code)
    return _nodes(session, query.order_by(*order).limit(limit))


def list_synonyms(
    session: Session, actor: Actor, q: str = "", *, after: str = "", limit: int = PAGE
) -> Sequence[SynonymGroup]:
    """Groups in which some word contains ``q``, by canonical name; ``after`` is the last one already shown.

    Raises:
        NotAllowed: the actor may not manage the catalogue.
    """
    _require_manager(actor)
    said = func.array_to_string(func.array_prepend(SynonymGroup.canonical, SynonymGroup.words), "\n")
    query = select(SynonymGroup).where(SynonymGroup.canonical > after, _has(_folded(said), normalise(q)))
    return session.scalars(query.order_by(SynonymGroup.canonical).limit(min(limit, PAGE))).all()


def create_synonyms(
    session: Session, actor: Actor, now: dt.datetime, canonical: str, words: Iterable[str]
) -> SynonymGroup:
    """A new group: whoever searches for one of its words finds what is called by another.

    Raises:
        Invalid: a word is blank, too long or already in a group.
        NotAllowed: the actor may not manage the catalogue.
    """
    _begin(session, actor)
    group = SynonymGroup(canonical=_canonical(canonical), words=_words(canonical, words))
    _check_free(session, group.canonical, group.words)
    session.add(group)
    session.flush()
    _note(session, actor, now, "synonyms.create", group.id, after=_state(group))
    return group


def update_synonyms(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    group_id: int,
    version: int,
    canonical: str,
    words: Iterable[str],
) -> SynonymGroup:
    """Give a group that still has ``version`` other words.

    Raises:
        Conflict: somebody changed the group since it was shown.
        Invalid: a word is blank, too long or already in another group.
        NotAllowed: the actor may not manage the catalogue.
        NotFound: there is no such group any more.
    """
    _begin(session, actor)
    group = _load(session, group_id, version)
    wanted, called = _canonical(canonical), _words(canonical, words)
    _check_free(session, wanted, called, besides=group_id)
    before = _state(group)
    group.canonical, group.words = wanted, called
    session.flush()
    if before != _state(group):
        _note(session, actor, now, "synonyms.update", group.id, before=before, after=_state(group))
    return group


def delete_synonyms(session: Session, actor: Actor, now: dt.datetime, group_id: int, version: int) -> None:
    """Remove a group that still has ``version``; its words then find only what is really called so.

    Raises:
        Conflict: somebody changed the group since it was shown.
        NotAllowed: the actor may not manage the catalogue.
        NotFound: there is no such group any more.
    """
    _begin(session, actor)
    group = _load(session, group_id, version)
    session.delete(group)
    session.flush()
    _note(session, actor, now, "synonyms.delete", group_id, before=_state(group))


def split_words(typed: str) -> list[str]:
    """Words as people separate them in one box: by 、, commas, semicolons or lines."""
    return [word for word in map(str.strip, _SEPARATORS.split(typed)) if word]


def _classes() -> Select[str, str, str, int]:
    return select(Category.edition, Category.code, Category.name, func.cardinality(Category.path) - 1)


def _nodes(session: Session, query: Select[str, str, str, int]) -> list[CategoryNode]:
    return [CategoryNode(*row) for row in session.execute(query)]


def _called(wanted: str) -> ColumnElement[bool]:
    """Classes with a colloquial name that contains ``wanted``."""
    words = _folded(func.array_to_string(SynonymGroup.words, "\n"))
    return (
        select(SynonymGroup.id).where(SynonymGroup.canonical == Category.name, _has(words, wanted)).exists()
    )


def _folded(said: SQLColumnExpression[str]) -> ColumnElement[str]:
    """:func:`normalise` as the database does it."""
    return func.lower(func.normalize(said, text("NFKC")))


def _has(said: ColumnElement[str], part: str) -> ColumnElement[bool]:
    return func.strpos(said, part) > 0


def _require_manager(actor: Actor) -> None:
    if not actor.may_anywhere(Permission.MANAGE_CATALOGUE):
        raise NotAllowed(N_("同义词由公物仓管理员维护。如需增改，请与公物仓管理员联系。"))


def _begin(session: Session, actor: Actor) -> None:
    _require_manager(actor)
    session.execute(select(func.pg_advisory_xact_lock(CATALOGUE_LOCK)))


def _load(session: Session, group_id: int, version: int) -> SynonymGroup:
    group = session.get(SynonymGroup, group_id, populate_existing=True)
    if group is None:
        raise NotFound(N_("没有找到这组同义词，可能已被他人删除。请刷新列表。"))
    if group.version != version:
        raise Conflict(
            N_("“%(canonical)s”一组刚被他人修改过。您填写的内容还在，请核对后再保存。"),
            code="version_conflict",
            canonical=group.canonical,
        )
    return group


def _tidy(word: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", clean(word)).split())


def _canonical(typed: str) -> str:
    word = _tidy(typed)
    if not 1 <= len(word) <= WORD_LENGTH:
        raise invalid_field("canonical", N_("请填写标准名称，不超过%(length)d个字。"), length=WORD_LENGTH)
    return word


def _words(canonical: str, typed: Iterable[str]) -> list[str]:
    """The words once each, in the order given, without the canonical name itself."""
    words: dict[str, str] = {}
    for word in typed:
        words.setdefault(normalise(word), _tidy(word))
    kept = [word for key, word in words.items() if key not in ("", normalise(canonical))]
    if not 1 <= len(kept) <= WORDS_PER_GROUP:
        raise invalid_field("words", N_("请填写1至%(count)d个与标准名称不同的俗称。"), count=WORDS_PER_GROUP)
    too_long = [
        _wrong(N_("“%(word)s”过长，每个词不超过%(length)d个字。"), word=w, length=WORD_LENGTH)
        for w in kept
        if len(w) > WORD_LENGTH
    ]
    _refuse(too_long)
    return kept


def _check_free(session: Session, canonical: str, words: list[str], besides: int | None = None) -> None:
    """A word stands in one group only: in two, it would quietly join what both of them name."""
    others = select(SynonymGroup.canonical, SynonymGroup.words).where(
        SynonymGroup.id.is_distinct_from(besides)
    )
    owner = {normalise(w): name for name, said in session.execute(others) for w in (name, *said)}
    _refuse(
        [
            _wrong(
                N_("“%(word)s”已在“%(canonical)s”一组中。一个词只能属于一组，请先从那一组删去。"),
                field="canonical" if word == canonical else "words",
                word=word,
                canonical=owner[normalise(word)],
            )
            for word in (canonical, *words)
            if normalise(word) in owner
        ]
    )


def _wrong(message: str, field: str = "words", **params: object) -> FieldError:
    return FieldError(field, message, params)


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(errors), count=len(errors))


def _state(group: SynonymGroup) -> dict[str, Any]:
    return {"canonical": group.canonical, "words": list(group.words)}


def _note(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    action: str,
    group_id: int,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Record the change, and have the documents written anew that carry words of either state."""
    audit.record(session, actor, now, action, "synonyms", group_id, before=before, after=after)
    words = {word for state in (before, after) if state for word in (state["canonical"], *state["words"])}
    reindex_soon_where(session, _assets_called(words))


def _assets_called(words: Iterable[str]) -> Select[int]:
    """Assets whose own name or whose class's name contains one of the words."""
    names = _folded(func.concat_ws("\n", Asset.name, Category.name))
    patterns = [f"%{_LIKE_SIGNS.sub(_ESCAPED, normalise(word))}%" for word in sorted(words)]
    called = names.like(any_(cast(patterns, ARRAY(Text))))
    return select(Asset.id).outerjoin(Asset.category).where(called)
