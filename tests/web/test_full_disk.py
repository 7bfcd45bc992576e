"""A full disk is said in so many words, and leaves nothing half done."""

from __future__ import annotations

import dataclasses
import errno
import io
import os
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from marketplace.db.assets import Photo
from marketplace.db.audit import AuditEntry
from marketplace.db.people import Unit, User
from marketplace.db.session import transaction
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.media.store import FolderStore
from marketplace.use_cases.accounts import issue_token
from tests import factories
from tests.conftest import NOW
from tests.media.pictures import encoded, quarters
from tests.web.conftest import World


class FullStore(FolderStore):
    """A folder on a disk without space."""

    error = errno.ENOSPC

    def put(self, key: str, data: bytes) -> None:
        raise OSError(self.error, os.strerror(self.error), key)


@pytest.fixture
def store(world: World) -> Iterator[FullStore]:
    """The application's photos, for the length of a test."""
    before = world.app.extensions["gwc"]
    full = FullStore(before.settings.media_dir)
    world.app.extensions["gwc"] = dataclasses.replace(before, photos=full)
    yield full
    world.app.extensions["gwc"] = before


@pytest.fixture
def card(world: World) -> int:
    with transaction(world.sessions) as session:
        return factories.asset(session, session.get_one(Unit, world.units["JY-1"])).id


def picture() -> dict[str, Any]:
    return {"file": (io.BytesIO(encoded(quarters(), "JPEG")), "照片.jpg")}


def kept(world: World) -> tuple[int | None, int | None]:
    with world.sessions() as session:
        noted = select(func.count()).where(AuditEntry.action == "asset.photo_add")
        return session.scalar(select(func.count(Photo.id))), session.scalar(noted)


def test_a_page_says_that_the_disk_is_full(world: World, store: FullStore, card: int) -> None:
    officer = world.signed_in(Role.UNIT_ASSET_OFFICER)
    answer = officer.post(f"/assets/{card}/photos", picture(), content_type="multipart/form-data")
    assert answer.status_code == 507
    assert answer.headers["Retry-After"]
    assert "存储空间已满" in answer.text
    assert kept(world) == (0, 0)


def test_a_program_is_told_and_may_come_again_with_its_key(world: World, store: FullStore, card: int) -> None:
    with transaction(world.sessions) as session:
        user = session.scalars(
            select(User).where(User.username == world.account(Role.UNIT_ASSET_OFFICER))
        ).one()
        token = issue_token(session, PLATFORM, NOW, user, "test")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}

    def send() -> Any:
        return world.app.test_client().post(f"/api/v1/assets/{card}/photos", data=picture(), headers=headers)

    refused = send()
    assert (refused.status_code, refused.json["code"]) == (507, "no_space")
    assert refused.headers["Retry-After"]
    assert kept(world) == (0, 0)
    world.app.extensions["gwc"] = dataclasses.replace(
        world.app.extensions["gwc"], photos=FolderStore(world.app.extensions["gwc"].settings.media_dir)
    )
    assert send().status_code == 201
    assert kept(world) == (1, 1)


def test_other_failures_of_the_disk_stay_faults_of_ours(world: World, store: FullStore, card: int) -> None:
    store.error = errno.EIO
    officer = world.signed_in(Role.UNIT_ASSET_OFFICER)
    answer = officer.post(f"/assets/{card}/photos", picture(), content_type="multipart/form-data")
    assert answer.status_code == 500
    assert kept(world) == (0, 0)
