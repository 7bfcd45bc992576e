"""``gwc backup`` while people work, ``gwc restore`` elsewhere, and what neither of them accepts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from marketplace.backup import contents, manifest, save
from marketplace.config import Settings, from_environment
from marketplace.db import migrate, search_nodes
from marketplace.db.assets import Asset, Photo
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.demo.drawings import draw
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import PLATFORM
from marketplace.media.images import SIZES
from marketplace.media.store import FolderStore, key
from marketplace.use_cases import audit_chain, photo_files, photos
from search import drift
from search.engine import Engine as SearchEngine
from tests import factories
from tests.conftest import NOW, own_database
from tests.media.pictures import encoded
from tests.test_commands import gwc
from tests.use_cases.ordering import found_town


@pytest.fixture
def used(settings: Settings, sessions: SessionFactory, tmp_path: Path) -> Settings:
    """An installation with orders in several states, a photo and a register that waits to be imported."""
    here = dataclasses.replace(settings, home=tmp_path / "used")
    here.upload_dir.mkdir(parents=True)
    (here.upload_dir / "0a1b").write_bytes(b"a register")
    with transaction(sessions) as session:
        town = found_town(session)
        town.submitted(town.listed())
        town.handed_over(town.approved(town.listed(), kind=OrderKind.LOAN, days=(0, 9)))
    add_card(here, sessions, 0)
    return here


@pytest.fixture
def elsewhere(settings: Settings, worker: str, tmp_path: Path) -> Settings:
    """An empty installation: a database without tables, a home of its own."""
    url = own_database(settings.database_url, f"restored_{worker}")
    home = tmp_path / "elsewhere"
    return dataclasses.replace(
        settings, database_url=url, home=home, index_name=f"restored_{worker}", secret_key="of the new place"
    )


@pytest.fixture
def restored(elsewhere: Settings) -> Iterator[Engine]:
    """The restored database."""
    engine = make_engine(elsewhere.database_url)
    yield engine
    engine.dispose()


def add_card(here: Settings, sessions: SessionFactory, serial: int) -> None:
    """A card with a photo of its own."""
    picture = encoded(draw("laptop", serial, (160, 120)), "JPEG")
    with transaction(sessions) as session:
        asset = factories.asset(session, factories.unit(session), f"电脑{serial}")
        photos.add_photo(session, FolderStore(here.media_dir), PLATFORM, NOW, asset.id, picture, "照片.jpg")


@pytest.fixture
def busy(used: Settings, sessions: SessionFactory) -> Iterator[threading.Event]:
    """Somebody goes on making cards with photos; the event is set with each."""
    stop, made = threading.Event(), threading.Event()

    def work() -> None:
        serial = 1
        while not stop.is_set():
            add_card(used, sessions, serial)
            made.set()
            serial += 1

    worker = threading.Thread(target=work)
    worker.start()
    yield made
    stop.set()
    worker.join()


def test_a_backup_made_at_work_is_whole_elsewhere(
    used: Settings,
    elsewhere: Settings,
    restored: Engine,
    sessions: SessionFactory,
    busy: threading.Event,
    tmp_path: Path,
) -> None:
    assert busy.wait(30)
    with transaction(sessions) as session:
        search_nodes.see(session, ["10.0.0.7:7700"])
    saved = gwc(used, "backup", str(tmp_path / "backup"))
    assert saved.returncode == 0, saved.stderr
    busy.clear()
    assert busy.wait(30), "nobody was kept from working"
    done = gwc(elsewhere, "restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr

    found = manifest.read(tmp_path / "backup")
    with restored.connect() as connection:
        there_now = contents.tables(connection)
        assert [name for name in found.tables if there_now[name] != found.tables[name]] == ["search_nodes"]
        assert migrate.is_current(connection)
    there = make_sessions(restored)
    with there() as session, sessions() as before:
        kept = list(session.scalars(select(Photo.digest)))
        assert len(kept) > 1
        assert len(before.scalars(select(Asset.id)).all()) > len(session.scalars(select(Asset.id)).all())
    store = FolderStore(elsewhere.media_dir)
    assert all(store.exists(key(digest, size)) for digest in kept for size in SIZES)
    assert (elsewhere.upload_dir / "0a1b").read_bytes() == b"a register"
    assert from_environment({"GWC_HOME": str(elsewhere.home)}).secret_key == used.secret_key
    assert (elsewhere.home / "secret_key").stat().st_mode & 0o077 == 0
    assert audit_chain.verify(there).fault is None
    figures = drift.repair(there, SearchEngine(elsewhere), dry_run=True)
    assert (figures["missing"], figures["changed"], figures["orphaned"]) == (0, 0, 0)
    assert figures["compared"] > 0


def test_a_restore_is_finished_when_it_is_started_again(
    used: Settings, elsewhere: Settings, restored: Engine, tmp_path: Path
) -> None:
    gwc(used, "backup", str(tmp_path / "backup"))
    for _ in range(2):
        assert gwc(elsewhere, "restore", str(tmp_path / "backup")).returncode == 0
    with transaction(make_sessions(restored)) as session:
        factories.unit(session)
    again = gwc(elsewhere, "restore", str(tmp_path / "backup"))
    assert again.returncode == 1
    assert "isn't empty" in again.stderr


def _flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _first_photo(folder: Path) -> Path:
    return next(folder.glob("media/*/*/*.webp"))


def _shorten(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))


def _from_a_newer_release(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"revision": "9999_later"}))


HARMS: Mapping[str, Callable[[Path], object]] = {
    "a changed dump": lambda folder: _flip_a_bit(folder / manifest.DUMP),
    "a changed photo": lambda folder: _flip_a_bit(_first_photo(folder)),
    "a lost photo": lambda folder: _first_photo(folder).unlink(),
    "a shorter list": lambda folder: _shorten(folder / manifest.FILES),
    "no manifest": lambda folder: (folder / manifest.MANIFEST).unlink(),
    "an odd manifest": lambda folder: (folder / manifest.MANIFEST).write_text("{}"),
    "a newer release": lambda folder: _from_a_newer_release(folder / manifest.MANIFEST),
}


def test_a_harmed_backup_is_refused_and_nothing_is_brought_back(
    used: Settings, elsewhere: Settings, restored: Engine, tmp_path: Path
) -> None:
    gwc(used, "backup", str(tmp_path / "backup"))
    for name, harm in HARMS.items():
        folder = tmp_path / name
        shutil.copytree(tmp_path / "backup", folder)
        harm(folder)
        done = gwc(elsewhere, "restore", str(folder))
        assert done.returncode == 1, name
        assert "Traceback" not in done.stderr
        assert str(folder) in done.stderr or "newer release" in done.stderr
        assert not elsewhere.media_dir.exists()
        with restored.connect() as connection:
            assert contents.names(connection) == []


def test_a_backup_needs_an_empty_folder_and_every_photo(used: Settings, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "else").touch()
    assert "isn't empty" in gwc(used, "backup", str(tmp_path / "full")).stderr
    next(used.media_dir.glob("??/??/*.webp")).unlink()
    done = gwc(used, "backup", str(tmp_path / "backup"))
    assert done.returncode == 1
    assert "its file is gone" in done.stderr
    assert not (tmp_path / "backup" / manifest.MANIFEST).exists()


def test_no_file_is_swept_during_a_backup(
    used: Settings, engine: Engine, sessions: SessionFactory, tmp_path: Path
) -> None:
    store, later = FolderStore(used.media_dir), dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    store.put(key("f" * 64, "thumb"), b"nobody's")
    swept = []

    def sweep(*_: object) -> None:
        swept.append(photo_files.sweep(sessions, store, later))

    save.backup(used, engine, tmp_path / "backup", NOW, sweep)
    assert set(swept) == {0}
    assert photo_files.sweep(sessions, store, later) == 1
