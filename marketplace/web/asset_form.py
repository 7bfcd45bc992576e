"""A card as a form: what is typed, what is kept, and what to do when somebody else was faster."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_babel import gettext

from marketplace.db.assets import Asset
from marketplace.domain.assets import BY_NAME, FIELDS, Field, Group, Value, read
from marketplace.domain.errors import Conflict, RuleError
from marketplace.domain.text import N_
from marketplace.edge.context import actor, db, identity
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import assets, catalogue
from marketplace.use_cases.category_names import also_called
from marketplace.web.asset_facts import GROUPS, in_words
from marketplace.web.mistakes import mistakes_in

Texts = Mapping[str, str]
LABELS = {**{field.name: field.label for field in FIELDS}, "category": N_("分类"), "unit_code": N_("单位")}
OPENS_FOR = {
    Group.VEHICLE: ("2022:A0203", "2013:A0203", "2010:203"),
    Group.PROPERTY: ("2022:A01", "2013:A01", "2010:1"),
}
"""Beginnings of edition and code of the classes whose cards carry the extension."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a card that somebody else saved meanwhile."""

    name: str
    label: str
    theirs: str
    theirs_in_words: str
    mine: str
    mine_in_words: str
    keep_mine: bool
    """Suggested: what the reader changed stays, the rest is taken over."""


def defaults() -> dict[str, Any]:
    """What a new card starts with: the usual values, in the reader's own unit."""
    found = identity()
    usual = {field.name: field.default for field in FIELDS if field.default is not None}
    return {**usual, "unit_code": found.home_unit_code if found else ""}


def texts_of(asset: Asset) -> dict[str, str]:
    """The card as one would type it."""
    return {name: _text(value) for name, value in assets.snapshot(asset).items()}


def typed_in(form: Texts) -> dict[str, object]:
    """The fields of the card that the form carries."""
    return {field.name: form[field.name] for field in FIELDS if field.name in form}


def only_others_changed(form: Texts, asset: Asset) -> bool:
    """Whether the card still says what it said when the form was opened.

    A photo or a listing raises the version as well; whoever only types need not hear of it.
    """
    return _base(form) == texts_of(asset)


def differences(form: Texts, asset: Asset) -> list[Difference]:
    """Where what was typed and what is kept by now disagree."""
    base, kept = _base(form), texts_of(asset)
    return [
        _difference(name, kept[name], form[name], base.get(name, kept[name]))
        for name in kept
        if name in form and not _same(name, kept[name], form[name])
    ]


def page(
    values: Mapping[str, Any],
    *,
    asset: Asset | None = None,
    version: int = 0,
    error: RuleError | None = None,
) -> str | tuple[str, int]:
    """The form, empty or as it was typed, with what is wrong at its places."""
    mistakes = mistakes_in(error, {name: gettext(label) for name, label in LABELS.items()})
    clash = isinstance(error, Conflict) and error.code == "version_conflict"
    body = render_template(
        "assets/form.html",
        asset=asset,
        values=values,
        version=version,
        base=json.dumps(texts_of(asset) if asset else {}, ensure_ascii=False),
        fields=FIELDS,
        options={
            f.name: [(code, gettext(words[0])) for code, words in (f.words or {}).items()] for f in FIELDS
        },
        groups=GROUPS,
        folded=_folded(values, mistakes),
        opens_for=OPENS_FOR,
        units=() if asset else assets.editable_units(db(), actor()),
        categories=catalogue.category_tree(db()),
        also=also_called(db()),
        differences=differences(values, asset) if asset and clash else None,
        error=message_of(error) if error else "",
        errors={mistake["field"]: mistake["message"] for mistake in mistakes},
        mistakes=mistakes,
    )
    return (body, status_of(error)) if error else body


def _folded(values: Mapping[str, Any], mistakes: list[dict[str, str]]) -> dict[Group, bool]:
    """Extensions that say nothing yet and don't belong to the class are folded away."""
    wrong = {mistake["field"] for mistake in mistakes}
    category = str(values.get("category") or "")
    return {
        group: not category.startswith(starts)
        and not any(values.get(f.name) or f.name in wrong for f in FIELDS if f.group is group)
        for group, starts in OPENS_FOR.items()
    }


def _difference(name: str, theirs: str, mine: str, base: str) -> Difference:
    return Difference(
        name,
        gettext(LABELS[name]),
        theirs,
        _in_words(name, theirs),
        mine,
        _in_words(name, mine),
        keep_mine=not _same(name, mine, base),
    )


def _base(form: Texts) -> dict[str, str]:
    """What the card said when the form was opened; empty when that was not sent along."""
    try:
        found = json.loads(form.get("base", ""))
    except ValueError:
        return {}
    return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else {}


def _same(name: str, one: str, other: str) -> bool:
    """Whether two texts mean the same value."""
    field = BY_NAME.get(name)
    return one == other if field is None else _meaning(field, one) == _meaning(field, other)


def _meaning(field: Field, text: str) -> object:
    try:
        return read(field, text)
    except ValueError:
        return text


def _in_words(name: str, text: str) -> str:
    field = BY_NAME.get(name)
    if field is None:
        return text
    value = _meaning(field, text)
    readable = value is None or not isinstance(value, str) or value in (field.words or {})
    return (in_words(field, value) or "") if readable else text


def _text(value: Value) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, dt.date) else str(value)
