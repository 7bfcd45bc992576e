"""The desk on which the photos of an asset are put in order."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from marketplace.db.assets import Photo
from marketplace.db.audit import AuditEntry
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from tests.media.pictures import encoded, quarters
from tests.web.conftest import Visitor, World
from tests.web.test_asset_pages import PART, card, kept, typed


@pytest.fixture
def officer(world: World) -> Visitor:
    """Whoever keeps the cards of the first school."""
    return world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")


def picture(seed: int) -> bytes:
    """A picture unlike those of other seeds."""
    image = Image.new("RGB", (160, 120), (seed * 40 % 256, 90, 200))
    image.paste(quarters(80, 60), (seed * 37 % 80, seed * 23 % 60))
    return encoded(image, "JPEG")


def upload(visitor: Visitor, asset_id: int, *files: bytes, **options: Any) -> TestResponse:
    """Send files, named by their place, as the form does."""
    sent = [(io.BytesIO(data), f"photo{at}.jpg") for at, data in enumerate(files)]
    return visitor.post(f"/assets/{asset_id}/photos", {"file": sent}, **options)


def on_desk(page: str) -> list[int]:
    """Photos in the order of the desk."""
    return [int(number) for number in re.findall(r'data-id="(\d+)"', page)]


def test_good_files_stay_and_bad_ones_come_back_with_the_reason(world: World, officer: Visitor) -> None:
    asset_id = card(world)
    answer = upload(officer, asset_id, picture(1), b"no picture at all", b"", picture(2))
    assert answer.status_code == 422
    assert "这些文件没有保存" in answer.text
    assert re.search(r"photo1\.jpg.*?文件内容不是可用的照片", answer.text, re.S)
    assert re.search(r"photo2\.jpg.*?文件是空的", answer.text, re.S)
    assert "其余2张已保存" in answer.text
    assert len(on_desk(answer.text)) == 2
    assert len(on_desk(officer.get(f"/assets/{asset_id}/photos").text)) == 2


def test_one_by_one_each_answer_is_the_desk_or_the_reason(world: World, officer: Visitor) -> None:
    asset_id = card(world)
    good = upload(officer, asset_id, picture(1), headers=PART)
    assert good.status_code == 200
    assert "<html" not in good.text
    assert len(on_desk(good.text)) == 1
    bad = upload(officer, asset_id, b"no picture at all", headers=PART)
    assert bad.status_code == 422
    assert re.search(r"<p data-error-message>[^<]*不是可用的照片", bad.text)
    assert on_desk(bad.text) == []


@pytest.fixture
def three(world: World, officer: Visitor) -> tuple[int, list[int]]:
    """An asset with three photos."""
    asset_id = card(world)
    assert upload(officer, asset_id, picture(1), picture(2), picture(3)).status_code in {200, 302}
    return asset_id, on_desk(officer.get(f"/assets/{asset_id}/photos").text)


def test_photos_are_put_in_order_by_dragging_and_by_buttons(
    officer: Visitor, three: tuple[int, list[int]]
) -> None:
    asset_id, [first, second, third] = three
    desk = f"/assets/{asset_id}/photos"
    officer.post(f"{desk}/order", {"order": f"{third},{first},{second}"}, headers=PART)
    assert on_desk(officer.get(desk).text) == [third, first, second]
    officer.post(f"{desk}/{second}/move", {"to": "earlier"})
    officer.post(f"{desk}/{third}/move", {"to": "later"})
    officer.post(f"{desk}/{first}/move", {"to": "later"})
    assert on_desk(officer.get(desk).text) == [second, third, first]
    assert officer.post(f"{desk}/{first}/move", {"to": "later"}).status_code == 302
    assert on_desk(officer.get(desk).text) == [second, third, first]


def test_an_order_of_other_photos_is_refused(officer: Visitor, three: tuple[int, list[int]]) -> None:
    asset_id, [first, second, third] = three
    answer = officer.post(f"/assets/{asset_id}/photos/order", {"order": f"{third},{first}"}, headers=PART)
    assert answer.status_code == 409
    assert on_desk(officer.get(f"/assets/{asset_id}/photos").text) == [first, second, third]


def test_a_removed_photo_can_be_taken_back(
    world: World, officer: Visitor, three: tuple[int, list[int]]
) -> None:
    asset_id, [first, second, third] = three
    desk = f"/assets/{asset_id}/photos"
    page = officer.post(f"{desk}/{first}/remove").text
    assert on_desk(page) == [second, third]
    assert f'action="{desk}/{first}/restore"' in page
    assert kept(world, asset_id).cover_photo_id == second
    assert officer.post(f"{desk}/{first}/restore").status_code == 302
    assert on_desk(officer.get(desk).text) == [first, second, third]
    assert kept(world, asset_id).cover_photo_id == first


def test_cover_and_caption(world: World, officer: Visitor, three: tuple[int, list[int]]) -> None:
    asset_id, [_, second, _] = three
    officer.post(f"/assets/{asset_id}/photos/{second}/cover")
    officer.post(f"/assets/{asset_id}/photos/{second}/caption", {"caption": "铭牌"})
    page = officer.get(f"/assets/{asset_id}").text
    assert kept(world, asset_id).cover_photo_id == second
    assert page.index('alt="铭牌"') < page.index("，第2张"), "the cover comes first"
    assert "照片说明：未填写 → 铭牌" in page


def test_nearly_the_same_picture_elsewhere_is_pointed_out(world: World, officer: Visitor) -> None:
    known, other = card(world, name="另一台", number="ZC-9"), card(world)
    upload(officer, known, picture(1))
    answer = upload(officer, other, picture(1))
    assert "其他资产上有几乎相同的照片" in answer.text
    assert re.search(rf'href="/assets/{known}">.*?另一台.*?第一中学 · ZC-9', answer.text, re.S)
    part = upload(officer, other, encoded(quarters(), "PNG"), headers=PART)
    assert "其他资产上有几乎相同的照片" not in part.text


def test_thirty_photos_are_enough(world: World, officer: Visitor) -> None:
    asset_id = card(world)
    with transaction(world.sessions) as session:
        session.add_all(
            Photo(
                asset_id=asset_id,
                position=at,
                digest=f"{at:064}",
                fingerprint=at << 40,
                width=8,
                height=6,
                uploaded_at=world.clock.now,
            )
            for at in range(30)
        )
    page = officer.get(f"/assets/{asset_id}/photos").text
    assert "已到30张的上限" in page
    assert "data-upload" not in page
    assert "每项资产最多30张照片" in upload(officer, asset_id, picture(1)).text


def test_what_happened_to_photos_is_told(
    world: World, officer: Visitor, three: tuple[int, list[int]]
) -> None:
    asset_id, [first, *_] = three
    officer.post(f"/assets/{asset_id}/photos/{first}/remove")
    page = officer.get(f"/assets/{asset_id}").text
    for title in ("新增照片", "移除照片"):
        assert f"<strong>{title}</strong>" in page
    with world.sessions() as session:
        actions = set(session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == asset_id)))
    assert actions >= {"asset.photo_add", "asset.photo_remove"}


def test_a_photo_added_meanwhile_is_no_conflict(world: World, officer: Visitor) -> None:
    asset_id = card(world, brand="联想", acquired_on="2020-03-01")
    form = typed(officer.get(f"/assets/{asset_id}/edit").text)
    assert upload(officer, asset_id, picture(1)).status_code == 302
    assert kept(world, asset_id).version > int(form["version"])
    assert officer.post(f"/assets/{asset_id}/edit", form | {"brand": "华为"}).status_code == 302
    assert kept(world, asset_id).brand == "华为"
