"""An index for each test that asks for one, and help to fill and to read it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.session import SessionFactory
from marketplace.domain.finding import Found, Reach, Wish
from search import documents, indexer, lines, schema
from search.engine import Engine
from search.finder import MeiliFinder

EVERYTHING = Reach(scopes=frozenset(), circles=frozenset(), everything=True)
Documents = dict[int, dict[str, Any]]


@pytest.fixture(scope="module")
def own_settings(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Settings with an index for this module alone."""
    module = request.module.__name__.rpartition(".")[2]
    own = dataclasses.replace(settings, index_name=f"{settings.index_name}_{module}")
    yield own
    for name in (own.index_name, f"{own.index_name}_aside"):
        schema.drop(Engine(own), name)


@pytest.fixture
def index(own_settings: Settings) -> Engine:
    """An empty index."""
    engine = Engine(own_settings)
    if schema.exists(engine, engine.index) and schema.is_current(engine, engine.index):
        engine.wait(engine.call("DELETE", f"/indexes/{engine.index}/documents"))
    else:
        schema.drop(engine, engine.index)
        schema.create(engine, engine.index)
    return engine


@dataclass(frozen=True)
class Stocked:
    """A finder, and a session that sees what the module's ``stock`` put into the database."""

    finder: MeiliFinder
    session: Session
    made: Any
    """What ``stock`` returned."""


@pytest.fixture(scope="module")
def stocked(own_settings: Settings, engine: Database, request: pytest.FixtureRequest) -> Iterator[Stocked]:
    """Filled once for the module. The rows are never committed: the finder has them from the index alone."""
    index = Engine(own_settings)
    schema.create(index, index.index)
    with Session(engine) as session:
        made = request.module.stock(session)
        fill(session, index)
        yield Stocked(MeiliFinder(own_settings, SessionFactory(engine)), session, made)


@pytest.fixture(scope="module")
def finder(stocked: Stocked) -> MeiliFinder:
    """The finder over the module's stock."""
    return stocked.finder


def fill(session: Session, index: Engine) -> None:
    """Bring all cards that the session sees into the index."""
    indexer.write(session, index, index.index, session.scalars(select(Asset.id)).all())


def names(found: Found) -> set[str]:
    """What was found, by name."""
    return {item["name"] for item in found.items}


def ids(items: Iterable[dict[str, Any]]) -> list[int]:
    """What was found, by id, in order."""
    return [item["id"] for item in items]


def pages(find: Callable[[Wish], Found], wish: Wish) -> Iterator[Found]:
    """All pages of a wish, to the last one."""
    found = find(wish)
    yield found
    while found.next_cursor:
        found = find(dataclasses.replace(wish, cursor=found.next_cursor))
        yield found


def in_index(index: Engine) -> Documents:
    """Everything in the index, by id, as it was sent."""
    found = index.call("POST", f"/indexes/{index.index}/documents/fetch", {"limit": 100_000})["results"]
    return {document.pop("id"): document for document in found}


def in_database(sessions: SessionFactory) -> Documents:
    """What ought to be in the index, by id."""
    with sessions() as session:
        return {document["id"]: plain(document) for document in documents.after(session, 0, limit=100_000)}


def plain(document: documents.Document) -> dict[str, Any]:
    """A document as the index gives it back."""
    sent: dict[str, Any] = orjson.loads(lines.line(document))
    del sent["id"]
    return sent
