"""The demo, loaded once and then, on a copy of it, lived in: both take a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db import migrate
from marketplace.db.session import make_engine
from marketplace.demo.load import add_orders, add_sales, hang_photos, load_demo
from marketplace.media.store import FolderStore
from tests.conftest import NOW, own_database


@pytest.fixture(scope="package")
def photos(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    """Where the demo's photos are."""
    return FolderStore(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="package")
def loaded(settings: Settings, worker: str, photos: FolderStore) -> str:
    """Address of a database with the demo's registers and their photos, before anybody asks for anything."""
    url = own_database(settings.database_url, f"loaded_{worker}")
    engine = make_engine(url)
    migrate.upgrade(engine)
    with Session(engine) as session:
        assert not add_orders(session, NOW), "who orders is part of the demo"
        assert load_demo(session, NOW)
        assert not add_sales(session, NOW), "what is sold has photos"
        assert hang_photos(session, photos, NOW, per_kind=(1, 4))
        session.commit()
    engine.dispose()
    return url


@pytest.fixture(scope="package")
def demo(settings: Settings, worker: str, loaded: str) -> Iterator[Session]:
    """The same with its orders and its disposals, in a database of its own."""
    template = loaded.partition("?")[0].rpartition("/")[2]
    engine = make_engine(own_database(settings.database_url, f"demo_{worker}", template=template))
    with Session(engine) as session:
        assert add_orders(session, NOW)
        assert add_sales(session, NOW)
        assert not add_sales(session, NOW)
        session.commit()
        yield session
        session.rollback()
    engine.dispose()
