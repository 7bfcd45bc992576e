"""What somebody chose in the register: the ticked rows, or all that the search behind them finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from marketplace.domain.finding import reach_of
from marketplace.edge.context import actor, services
from marketplace.web import results
from marketplace.web.addresses import Args


def chosen(form: Args, most: int) -> list[int]:
    """Ids in the order of the list; one more than ``most`` says that there are too many."""
    return found(form, most) if form.get("everything") else numbers(form.getlist("asset"))


def numbers(texts: Iterable[str]) -> list[int]:
    """The texts that can be ids, each once."""
    readable = (int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19)
    return list(dict.fromkeys(readable))


def found(form: Args, most: int) -> list[int]:
    """All that the register shows under the form's ``query``."""
    args = MultiDict(parse_qsl(form.get("query", "")))
    wish = results.read(args, listed=False, limit=most + 1).wish
    wish = replace(wish, limit=most + 1, cursor="", facets=False)
    return [item["id"] for item in services().finder.find(wish, reach_of(actor())).items]
