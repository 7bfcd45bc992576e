"""Files of photos that no row names are swept away; all others stay."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from marketplace.db.assets import Asset, Photo
from marketplace.db.orders import Handover, Order
from marketplace.db.session import SessionFactory, transaction
from marketplace.demo.drawings import draw
from marketplace.domain.orders import OrderKind, OrderState
from marketplace.domain.permissions import PLATFORM
from marketplace.engines.process import wait_until
from marketplace.media.images import SIZES, prepare
from marketplace.media.store import FolderStore, key
from marketplace.use_cases import photo_files, photos
from tests import factories
from tests.conftest import NOW
from tests.media.pictures import encoded

LONG_AGO = NOW - dt.timedelta(days=2)
LAPTOP, CHAIR = (encoded(draw(kind, 1, (320, 240)), "JPEG") for kind in ("laptop", "office_chair"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def store(folder: Path) -> FolderStore:
    return FolderStore(folder)


@pytest.fixture
def asset_id(sessions: SessionFactory) -> Iterator[int]:
    with transaction(sessions) as session:
        made = factories.asset(session, factories.unit(session)).id
    return made


def _add(sessions: SessionFactory, store: FolderStore, asset_id: int, data: bytes, *, fails: bool) -> str:
    """The content hash of an uploaded photo, whose transaction may come to nothing."""
    with sessions() as session:
        digest = photos.add_photo(session, store, PLATFORM, NOW, asset_id, data).photo.digest
        if not fails:
            session.commit()
    return digest


def _age(folder: Path, moment: dt.datetime) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (moment.timestamp(),) * 2)


def _files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_what_a_failed_upload_left_goes_after_a_day(
    sessions: SessionFactory, store: FolderStore, folder: Path, asset_id: int
) -> None:
    kept = _add(sessions, store, asset_id, LAPTOP, fails=False)
    lost = _add(sessions, store, asset_id, CHAIR, fails=True)
    _age(folder, NOW - dt.timedelta(hours=23))
    assert photo_files.sweep(sessions, store, NOW) == 0
    _age(folder, LONG_AGO)
    assert photo_files.sweep(sessions, store, NOW, dry_run=True) == len(SIZES)
    assert _files(folder) == 2 * len(SIZES)
    assert photo_files.sweep(sessions, store, NOW, batch=2) == len(SIZES)
    assert all(store.exists(key(kept, size)) for size in SIZES)
    assert not any(store.exists(key(lost, size)) for size in SIZES)
    assert photo_files.sweep(sessions, store, NOW) == 0


def test_a_removed_photo_can_still_be_taken_back(
    sessions: SessionFactory, store: FolderStore, folder: Path, asset_id: int
) -> None:
    _add(sessions, store, asset_id, LAPTOP, fails=False)
    with transaction(sessions) as session:
        [photo] = session.get_one(Asset, asset_id).photos
        photos.remove(session, PLATFORM, NOW, asset_id, photo.id)
    _age(folder, LONG_AGO)
    assert photo_files.sweep(sessions, store, NOW) == 0
    assert _files(folder) == len(SIZES)


def test_photos_of_a_hand_over_stay(
    sessions: SessionFactory, store: FolderStore, folder: Path, asset_id: int
) -> None:
    digest = _add(sessions, store, asset_id, LAPTOP, fails=True)
    with transaction(sessions) as session:
        holder = session.get_one(Asset, asset_id).unit
        order = Order(
            kind=OrderKind.TRANSFER,
            state=OrderState.DRAFT,
            requester=factories.user(session, holder),
            receiver=holder,
            giver=holder,
            created_at=NOW,
        )
        session.add(order)
        session.flush()
        session.add(Handover(order_id=order.id, direction="out", photos=[digest]))
    _age(folder, LONG_AGO)
    assert photo_files.sweep(sessions, store, NOW) == 0
    assert _files(folder) == len(SIZES)


def test_an_upload_in_progress_keeps_files_that_an_earlier_one_left(
    sessions: SessionFactory, store: FolderStore, folder: Path, asset_id: int
) -> None:
    digest = _add(sessions, store, asset_id, LAPTOP, fails=True)
    _age(folder, LONG_AGO)

    def waits() -> bool:
        with sessions() as session:
            blocked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'")
            return bool(session.scalar(blocked))

    with ThreadPoolExecutor(1) as pool, transaction(sessions) as session:
        photos.add_photo(session, store, PLATFORM, NOW, asset_id, LAPTOP)
        sweeping = pool.submit(photo_files.sweep, sessions, store, NOW)
        assert wait_until(waits, seconds=20)
        session.commit()
        assert sweeping.result() == 0
    with sessions() as session:
        assert session.query(Photo).filter_by(digest=digest).count() == 1
    assert all(store.exists(key(digest, size)) for size in SIZES)


def test_what_an_interrupted_write_left_goes_too(
    sessions: SessionFactory, store: FolderStore, folder: Path
) -> None:
    picture = prepare(LAPTOP)
    store.put(key(picture.digest, "thumb"), picture.files["thumb"])
    (folder / ".drafts" / "interrupted").write_bytes(b"half")
    _age(folder, NOW)
    assert photo_files.sweep(sessions, store, NOW) == 0
    _age(folder, LONG_AGO)
    assert photo_files.sweep(sessions, store, NOW) == 2
    assert _files(folder) == 0


def test_it_stops_where_it_is_told_to(
    sessions: SessionFactory, store: FolderStore, folder: Path, asset_id: int
) -> None:
    _add(sessions, store, asset_id, LAPTOP, fails=True)
    _age(folder, LONG_AGO)
    assert photo_files.sweep(sessions, store, NOW, keep_going=lambda: False) == 0
    assert _files(folder) == len(SIZES)
