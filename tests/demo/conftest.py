"""The whole demo, made once: it takes a while."""

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
def demo(settings: Settings, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The demo with its orders, one picture for each kind, and its disposals, in a database of its own."""
    engine = make_engine(own_database(settings.database_url, f"demo_{worker}"))
    migrate.upgrade(engine)
    with Session(engine) as session:
        assert not add_orders(session, NOW), "who orders is part of the demo"
        load_demo(session, NOW)
        assert add_orders(session, NOW)
        assert not add_sales(session, NOW), "what is sold has photos"
        assert hang_photos(session, FolderStore(tmp_path_factory.mktemp("media")), NOW, per_kind=(1, 1))
        assert add_sales(session, NOW)
        assert not add_sales(session, NOW)
        session.commit()
        yield session
        session.rollback()
    engine.dispose()
