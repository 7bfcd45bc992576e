"""The folder that keeps photo files."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from marketplace.media.images import SIZES, prepare
from marketplace.media.store import FolderStore, keep, key
from tests.media.pictures import encoded, quarters

DIGEST = "ab" * 32
KEY = key(DIGEST, "thumb")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "media")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_put_can_be_read(store: FolderStore, tmp_path: Path) -> None:
    assert not store.exists(KEY)
    store.put(KEY, b"picture")
    assert store.exists(KEY)
    with store.open(KEY) as file:
        assert file.read() == b"picture"
    assert files(tmp_path / "media") == [f"ab/ab/{DIGEST}-thumb.webp"]


def test_putting_again_changes_nothing(store: FolderStore, tmp_path: Path) -> None:
    store.put(KEY, b"picture")
    before = (tmp_path / "media" / KEY).stat()
    store.put(KEY, b"picture")
    after = (tmp_path / "media" / KEY).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_deleting_is_repeatable(store: FolderStore) -> None:
    store.put(KEY, b"picture")
    store.delete(KEY)
    store.delete(KEY)
    assert not store.exists(KEY)
    with pytest.raises(FileNotFoundError):
        store.open(KEY)


@pytest.mark.parametrize(
    "bad",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "",
        "ab/ab/../../secret_key",
        KEY + "/..",
        KEY.replace("thumb", "huge"),
        KEY.upper(),
        "cd/" + KEY[3:] + "\n",
    ],
)
def test_only_keys_lead_to_files(store: FolderStore, tmp_path: Path, bad: str) -> None:
    (tmp_path / "secret_key").write_text("x")
    for use in (store.open, store.delete, store.exists, lambda name: store.put(name, b"x")):
        with pytest.raises(FileNotFoundError):
            use(bad)
    assert files(tmp_path) == ["secret_key"]


def test_a_failed_write_leaves_nothing(store: FolderStore, tmp_path: Path) -> None:
    """The folder of the key is a file: making the temporary file or its folder fails."""
    (tmp_path / "media" / "ab").mkdir(parents=True)
    (tmp_path / "media" / "ab" / "ab").write_text("in the way")
    with pytest.raises(OSError, match=os.strerror(errno.EEXIST)):
        store.put(KEY, b"picture")
    assert files(tmp_path / "media") == ["ab/ab"]


def test_a_write_that_is_interrupted_leaves_no_part(store: FolderStore, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        store.put(KEY, "not bytes")  # type: ignore[arg-type]
    assert files(tmp_path / "media") == []
    assert not store.exists(KEY)


def test_readers_never_see_a_part(store: FolderStore) -> None:
    """Writers and readers at once: what can be opened is whole."""
    content = os.urandom(400_000)
    keys = [key(f"{number:064x}", "large") for number in range(12)]
    broken: list[str] = []

    def read_all() -> None:
        missing = set(keys)
        while missing:
            for name in sorted(missing):
                if store.exists(name):
                    with store.open(name) as file:
                        if file.read() != content:
                            broken.append(name)
                    missing.discard(name)

    def write_all() -> None:
        for name in keys:
            store.put(name, content)

    run_together(read_all, write_all, write_all, write_all)
    assert broken == []


def run_together(*jobs: Callable[[], None]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def test_all_sizes_of_a_picture_are_kept(store: FolderStore, tmp_path: Path) -> None:
    picture = prepare(encoded(quarters(), "PNG"))
    keep(store, picture)
    keep(store, picture)
    assert len(files(tmp_path / "media")) == len(SIZES)
    for size, data in picture.files.items():
        with store.open(key(picture.digest, size)) as file:
            assert file.read() == data
