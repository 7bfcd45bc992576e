"""Photos of assets on the real database and a real folder."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing, Photo
from marketplace.db.audit import AuditEntry
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.demo.drawings import draw
from marketplace.domain.assets import Secrecy
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from marketplace.domain.permissions import PLATFORM, Actor, Role
from marketplace.domain.states import AssetState
from marketplace.media.images import SIZES
from marketplace.media.store import FolderStore, key
from marketplace.use_cases import photos
from marketplace.use_cases.photos import MAX_PHOTOS, Visibility
from tests import factories
from tests.conftest import NOW
from tests.media.pictures import encoded

LATER = NOW + dt.timedelta(hours=1)


def picture(kind: str, seed: int = 1, quality: int = 90) -> bytes:
    return encoded(draw(kind, seed, (320, 240)), "JPEG", quality=quality)


LAPTOP, CHAIR, SOFA = picture("laptop"), picture("office_chair"), picture("sofa")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "media")


@pytest.fixture
def asset(session: Session, school: Unit) -> Asset:
    return factories.asset(session, school)


@pytest.fixture
def add(
    session: Session, store: FolderStore, officer: Actor, asset: Asset
) -> Callable[[bytes], photos.Added]:
    def add_one(data: bytes) -> photos.Added:
        return photos.add_photo(session, store, officer, NOW, asset.id, data, "照片.jpg")

    return add_one


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def ids(session: Session, asset: Asset) -> list[int]:
    session.expire(asset, ["photos"])
    return [photo.id for photo in asset.photos]


def last_entry(session: Session) -> AuditEntry:
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def stored(store: FolderStore, photo: Photo) -> bool:
    return all(store.exists(key(photo.digest, size)) for size in SIZES)


def test_a_photo_is_kept_and_the_first_is_the_cover(
    session: Session, store: FolderStore, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    first, second = add(LAPTOP), add(CHAIR)
    assert (first.is_new, second.is_new) == (True, True)
    assert ids(session, asset) == [first.photo.id, second.photo.id]
    assert asset.cover_photo_id == first.photo.id
    assert (first.photo.width, first.photo.height) == (320, 240)
    assert stored(store, first.photo)
    assert stored(store, second.photo)


def test_every_change_raises_the_version_is_recorded_and_reindexed(
    session: Session, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    first, second = add(LAPTOP).photo, add(CHAIR).photo
    steps: dict[str, Callable[[], object]] = {
        "asset.photo_order": lambda: photos.reorder(session, officer, LATER, asset.id, [second.id, first.id]),
        "asset.photo_cover": lambda: photos.set_cover(session, officer, LATER, asset.id, second.id),
        "asset.photo_caption": lambda: photos.set_caption(
            session, officer, LATER, asset.id, first.id, "正面"
        ),
        "asset.photo_remove": lambda: photos.remove(session, officer, LATER, asset.id, first.id),
        "asset.photo_restore": lambda: photos.restore(session, officer, LATER, asset.id, first.id),
        "asset.photo_add": lambda: add(SOFA),
    }
    for action, step in steps.items():
        version, waiting, stamp = asset.version, count(session, OutboxRow), asset.updated_at
        step()
        session.refresh(asset)
        entry = last_entry(session)
        assert (entry.action, entry.object_kind, entry.object_id) == (action, "asset", asset.id)
        assert entry.unit_id == asset.unit_id
        assert asset.version == version + 1
        assert asset.updated_at > stamp
        assert count(session, OutboxRow) == waiting + 1


def test_the_record_says_which_file_came(
    session: Session, store: FolderStore, officer: Actor, asset: Asset
) -> None:
    added = photos.add_photo(session, store, officer, NOW, asset.id, LAPTOP, "IMG\x00_0001" + "x" * 400)
    after = last_entry(session).after
    assert after is not None
    assert after["digest"] == added.photo.digest
    assert after["file"].startswith("IMG_0001")
    assert len(after["file"]) == 200


def test_the_same_picture_twice_is_one_photo(
    session: Session, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    first = add(LAPTOP)
    version = asset.version
    again = add(LAPTOP)
    assert (again.is_new, again.photo) == (False, first.photo)
    assert (asset.version, count(session, Photo)) == (version, 1)


def test_a_refused_file_leaves_no_trace(
    session: Session, store: FolderStore, tmp_path: Path, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    for junk in (b"", LAPTOP[:-400], b"<svg/>", encoded(draw("car", 1, (64, 48)), "GIF")):
        with pytest.raises(Invalid):
            add(junk)
    assert untouched(session, asset, tmp_path)


def untouched(session: Session, asset: Asset, folder: Path) -> bool:
    session.refresh(asset)
    changes = [count(session, table) for table in (Photo, AuditEntry, OutboxRow)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return changes == [0, 0, 0] and asset.version == 1 and asset.cover_photo_id is None and not files


def test_others_cannot_add_photos_and_change_nothing(
    session: Session,
    store: FolderStore,
    tmp_path: Path,
    school: Unit,
    region: Unit,
    stranger: Actor,
    asset: Asset,
) -> None:
    reader = factories.actor((Role.STAFF, school))
    manager = factories.actor((Role.WAREHOUSE_MANAGER, region))
    security = factories.actor((Role.SECURITY_ADMINISTRATOR, region))
    refusals = ((reader, NotAllowed), (manager, NotAllowed), (stranger, NotFound), (security, NotFound))
    for actor, refusal in refusals:
        with pytest.raises(refusal):
            photos.add_photo(session, store, actor, NOW, asset.id, LAPTOP)
        assert untouched(session, asset, tmp_path)


def test_a_listing_lets_others_look_but_not_edit(
    session: Session, store: FolderStore, tmp_path: Path, school: Unit, stranger: Actor
) -> None:
    listed = factories.listed(session, school)
    with pytest.raises(NotAllowed):
        photos.add_photo(session, store, stranger, NOW, listed.id, LAPTOP)
    assert untouched(session, listed, tmp_path)


def test_others_cannot_arrange_photos_and_change_nothing(
    session: Session, stranger: Actor, school: Unit, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    first, second = add(LAPTOP).photo, add(CHAIR).photo
    before = (asset.version, ids(session, asset), asset.cover_photo_id, count(session, AuditEntry))
    for actor in (stranger, factories.actor((Role.UNIT_APPROVER, school))):
        for attempt in (
            lambda who=actor: photos.reorder(session, who, NOW, asset.id, [second.id, first.id]),
            lambda who=actor: photos.set_cover(session, who, NOW, asset.id, second.id),
            lambda who=actor: photos.set_caption(session, who, NOW, asset.id, first.id, "x"),
            lambda who=actor: photos.remove(session, who, NOW, asset.id, first.id),
            lambda who=actor: photos.restore(session, who, NOW, asset.id, first.id),
        ):
            with pytest.raises((NotAllowed, NotFound)):
                attempt()
    session.refresh(asset)
    assert (asset.version, ids(session, asset), asset.cover_photo_id, count(session, AuditEntry)) == before


def test_a_photo_is_reached_through_its_own_asset_only(
    session: Session, officer: Actor, school: Unit, add: Callable[[bytes], photos.Added]
) -> None:
    photo, other = add(LAPTOP).photo, factories.asset(session, school)
    with pytest.raises(NotFound):
        photos.set_cover(session, officer, NOW, other.id, photo.id)
    with pytest.raises(NotFound):
        photos.remove(session, officer, NOW, other.id, photo.id)
    with pytest.raises(NotFound):
        photos.restore(session, officer, NOW, other.id, photo.id)
    assert photo.removed_at is None


def fill(session: Session, asset: Asset, number: int) -> None:
    session.add_all(
        Photo(
            asset_id=asset.id,
            position=at,
            digest=f"{asset.id:032x}{at:032x}",
            fingerprint=at << 40,
            width=1,
            height=1,
            caption="",
            uploaded_at=NOW,
        )
        for at in range(number)
    )
    session.flush()


def test_there_is_room_for_thirty(
    session: Session, tmp_path: Path, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    fill(session, asset, MAX_PHOTOS - 1)
    last = add(LAPTOP).photo
    assert last.position == MAX_PHOTOS - 1
    with pytest.raises(Invalid, match="30张"):
        add(CHAIR)
    assert count(session, Photo) == MAX_PHOTOS
    assert len(list(tmp_path.rglob("*.webp"))) == len(SIZES)


def test_a_removed_photo_makes_room_that_may_be_gone_when_it_comes_back(
    session: Session, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    fill(session, asset, MAX_PHOTOS)
    gone = ids(session, asset)[0]
    photos.remove(session, officer, NOW, asset.id, gone)
    add(LAPTOP)
    with pytest.raises(Invalid, match="30张"):
        photos.restore(session, officer, NOW, asset.id, gone)


def test_a_closed_card_keeps_its_photos(
    session: Session, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    photo = add(LAPTOP).photo
    asset.state = AssetState.CLOSED
    session.flush()
    with pytest.raises(Conflict):
        add(CHAIR)
    with pytest.raises(Conflict):
        photos.remove(session, officer, NOW, asset.id, photo.id)
    assert photo.removed_at is None


def test_order_must_name_each_photo_once(
    session: Session, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    one, two, three = (add(data).photo.id for data in (LAPTOP, CHAIR, SOFA))
    version = asset.version
    for wrong in ([one, two], [one, two, three, three], [one, two, 999_999], []):
        with pytest.raises(Conflict):
            photos.reorder(session, officer, NOW, asset.id, wrong)
    photos.reorder(session, officer, NOW, asset.id, [one, two, three])
    assert asset.version == version
    photos.reorder(session, officer, NOW, asset.id, [three, one, two])
    assert ids(session, asset) == [three, one, two]
    assert asset.cover_photo_id == one


def test_a_caption_is_cleaned_and_bounded(
    session: Session, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    photo = add(LAPTOP).photo
    photos.set_caption(session, officer, NOW, asset.id, photo.id, "  铭牌\x07 ")
    assert photo.caption == "铭牌"
    version = asset.version
    photos.set_caption(session, officer, NOW, asset.id, photo.id, "铭牌")
    assert asset.version == version
    with pytest.raises(Invalid):
        photos.set_caption(session, officer, NOW, asset.id, photo.id, "长" * 201)
    assert photo.caption == "铭牌"


def test_removing_the_cover_hands_it_on_and_undo_hands_it_back(
    session: Session, store: FolderStore, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    one, two, three = (add(data).photo for data in (LAPTOP, CHAIR, SOFA))
    photos.remove(session, officer, LATER, asset.id, one.id)
    assert (asset.cover_photo_id, ids(session, asset)) == (two.id, [two.id, three.id])
    assert one.removed_at == LATER
    assert stored(store, one)
    photos.restore(session, officer, LATER, asset.id, one.id)
    assert (asset.cover_photo_id, ids(session, asset)) == (one.id, [one.id, two.id, three.id])


def test_undo_respects_a_cover_chosen_meanwhile(
    session: Session, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    one, _, three = (add(data).photo for data in (LAPTOP, CHAIR, SOFA))
    photos.remove(session, officer, LATER, asset.id, one.id)
    photos.set_cover(session, officer, LATER, asset.id, three.id)
    photos.restore(session, officer, LATER, asset.id, one.id)
    assert asset.cover_photo_id == three.id


def test_without_photos_there_is_no_cover(
    session: Session, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    photo = add(LAPTOP).photo
    photos.remove(session, officer, NOW, asset.id, photo.id)
    assert asset.cover_photo_id is None
    with pytest.raises(NotFound):
        photos.remove(session, officer, NOW, asset.id, photo.id)
    photos.restore(session, officer, NOW, asset.id, photo.id)
    assert asset.cover_photo_id == photo.id
    with pytest.raises(NotFound):
        photos.restore(session, officer, NOW, asset.id, photo.id)


def test_a_picture_uploaded_again_is_not_restored_beside_itself(
    session: Session, officer: Actor, asset: Asset, add: Callable[[bytes], photos.Added]
) -> None:
    first = add(LAPTOP).photo
    photos.remove(session, officer, NOW, asset.id, first.id)
    again = add(LAPTOP)
    assert again.is_new
    with pytest.raises(Conflict):
        photos.restore(session, officer, NOW, asset.id, first.id)
    assert ids(session, asset) == [again.photo.id]


def test_a_look_alike_on_another_asset_is_pointed_out(
    session: Session, store: FolderStore, officer: Actor, school: Unit, add: Callable[[bytes], photos.Added]
) -> None:
    other = factories.asset(session, school, "会议室沙发", number="SF-1")
    first = photos.add_photo(session, store, officer, NOW, other.id, SOFA)
    assert first.look_alikes == ()
    poorer = picture("sofa", quality=40)
    found = add(poorer)
    assert found.is_new
    (alike,) = found.look_alikes
    assert (alike.asset_id, alike.number, alike.name, alike.unit_name) == (
        other.id,
        "SF-1",
        "会议室沙发",
        "第一中学",
    )
    assert alike.digest == first.photo.digest != found.photo.digest
    assert add(LAPTOP).look_alikes == ()


def test_each_asset_is_pointed_out_once_and_only_some(
    session: Session, officer: Actor, school: Unit, asset: Asset
) -> None:
    for at in range(8):
        other = factories.asset(session, school)
        for bits in range(2):
            photo = photo_row(other, f"{at}{bits}" * 32, fingerprint=(1 << at + bits) - 1)
            session.add(photo)
    session.flush()
    found = photos.look_alikes(session, officer, 0, asset.id)
    assert [alike.distance for alike in found] == [0, 1, 2, 3, 4]
    assert len({alike.asset_id for alike in found}) == 5


def photo_row(asset: Asset, digest: str, fingerprint: int = 0) -> Photo:
    return Photo(
        asset_id=asset.id,
        position=0,
        digest=digest,
        fingerprint=fingerprint,
        width=1,
        height=1,
        caption="",
        uploaded_at=NOW,
    )


@pytest.mark.parametrize("fingerprint", [0, 1, -1, (1 << 63) - 1, -(1 << 63), 0x0F0F0F0F0F0F0F0F])
def test_the_database_counts_bits_as_the_program_does(
    session: Session, officer: Actor, school: Unit, asset: Asset, fingerprint: int
) -> None:
    """Six bits apart is near, seven is not, the sign bit included."""
    wrap = (1 << 64) - 1
    for distance in range(9):
        flipped = (fingerprint & wrap) ^ sum(1 << 63 - bit for bit in range(distance))
        signed = flipped - (1 << 64) if flipped >> 63 else flipped
        other = factories.asset(session, school)
        session.add(photo_row(other, f"{distance}" * 64, signed))
    session.flush()
    found = photos.look_alikes(session, PLATFORM, fingerprint, asset.id)
    assert [alike.distance for alike in found] == [0, 1, 2, 3, 4]
    session.execute(text("DELETE FROM photos WHERE digest LIKE ANY (ARRAY['0%', '1%', '2%', '3%'])"))
    found = photos.look_alikes(session, officer, fingerprint, asset.id)
    assert [alike.distance for alike in found] == [4, 5, 6]


def test_a_look_alike_out_of_sight_is_not_named(
    session: Session, store: FolderStore, officer: Actor, stranger: Actor, elsewhere: Unit, asset: Asset
) -> None:
    hidden = factories.asset(session, elsewhere)
    photos.add_photo(session, store, stranger, NOW, hidden.id, SOFA)
    assert photos.add_photo(session, store, officer, NOW, asset.id, SOFA).look_alikes == ()


# Who may look at a picture: by asset, viewer and listing.


@pytest.fixture
def shown(session: Session, school: Unit) -> Callable[..., str]:
    """Give an asset of the school a photo and return its digest."""

    def show(asset: Asset) -> str:
        photo = photo_row(asset, f"{asset.id:064x}")
        session.add(photo)
        session.flush()
        return photo.digest

    return show


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.STAFF, Visibility.RESTRICTED),
        (Role.UNIT_ASSET_OFFICER, Visibility.RESTRICTED),
        (Role.AUDITOR, Visibility.RESTRICTED),
        (Role.SECURITY_ADMINISTRATOR, Visibility.HIDDEN),
        (Role.SYSTEM_ADMINISTRATOR, Visibility.HIDDEN),
    ],
)
def test_an_unlisted_asset_s_photo_is_for_its_readers(
    session: Session, school: Unit, asset: Asset, shown: Callable[..., str], role: Role, seen: Visibility
) -> None:
    digest = shown(asset)
    assert photos.readable(session, factories.actor((role, school)), digest) is seen


def test_an_unlisted_asset_s_photo_is_hidden_from_others_who_know_its_address(
    session: Session, stranger: Actor, region: Unit, asset: Asset, shown: Callable[..., str]
) -> None:
    digest = shown(asset)
    assert photos.readable(session, stranger, digest) is Visibility.HIDDEN
    nobody = Actor(user_id=None, name="访客")
    assert photos.readable(session, nobody, digest) is Visibility.HIDDEN
    assert photos.readable(session, PLATFORM, digest) is Visibility.RESTRICTED
    above = factories.actor((Role.WAREHOUSE_MANAGER, region))
    assert photos.readable(session, above, digest) is Visibility.RESTRICTED


def test_a_photo_of_an_asset_listed_to_everyone_is_open(
    session: Session, officer: Actor, stranger: Actor, school: Unit, shown: Callable[..., str]
) -> None:
    digest = shown(factories.listed(session, school))
    assert photos.readable(session, stranger, digest) is Visibility.OPEN
    assert photos.readable(session, officer, digest) is Visibility.OPEN
    assert photos.readable(session, factories.actor((Role.SYSTEM_ADMINISTRATOR, school)), digest) is (
        Visibility.HIDDEN
    )


def test_a_photo_of_an_asset_listed_to_one_circle_is_for_that_circle(
    session: Session, stranger: Actor, school: Unit, shown: Callable[..., str]
) -> None:
    department = session.get(Unit, school.parent_id)
    digest = shown(factories.listed(session, school, audience=department))
    sibling = factories.unit(session, department)
    assert photos.readable(session, factories.actor((Role.STAFF, sibling)), digest) is Visibility.RESTRICTED
    assert photos.readable(session, stranger, digest) is Visibility.HIDDEN


@pytest.mark.parametrize("secrecy", [Secrecy.SECRET, Secrecy.CONFIDENTIAL, Secrecy.TOP_SECRET])
def test_a_classified_asset_is_never_open(
    session: Session,
    officer: Actor,
    stranger: Actor,
    school: Unit,
    shown: Callable[..., str],
    secrecy: Secrecy,
) -> None:
    digest = shown(factories.listed(session, school, secrecy=secrecy))
    assert photos.readable(session, stranger, digest) is Visibility.HIDDEN
    assert photos.readable(session, officer, digest) is Visibility.RESTRICTED


def test_an_ended_listing_and_a_removed_photo_hide_it(
    session: Session, officer: Actor, stranger: Actor, school: Unit, shown: Callable[..., str]
) -> None:
    listed = factories.listed(session, school)
    digest = shown(listed)
    session.execute(text("UPDATE listings SET ended_at = now()"))
    assert photos.readable(session, stranger, digest) is Visibility.HIDDEN
    session.execute(text("UPDATE listings SET ended_at = NULL"))
    assert photos.readable(session, stranger, digest) is Visibility.OPEN
    session.execute(text("UPDATE photos SET removed_at = now()"))
    assert photos.readable(session, stranger, digest) is Visibility.HIDDEN
    assert photos.readable(session, officer, digest) is Visibility.HIDDEN


def test_the_widest_of_several_assets_with_one_picture_counts(
    session: Session, stranger: Actor, school: Unit, elsewhere: Unit
) -> None:
    digest = "e" * 64
    session.add(photo_row(factories.asset(session, school), digest))
    session.flush()
    assert photos.readable(session, stranger, digest) is Visibility.HIDDEN
    session.add(photo_row(factories.asset(session, elsewhere), digest))
    session.flush()
    assert photos.readable(session, stranger, digest) is Visibility.RESTRICTED
    session.add(photo_row(factories.listed(session, school), digest))
    session.flush()
    assert photos.readable(session, stranger, digest) is Visibility.OPEN


def test_an_unknown_address_is_hidden(session: Session, officer: Actor) -> None:
    assert photos.readable(session, PLATFORM, "0" * 64) is Visibility.HIDDEN
    assert photos.readable(session, officer, "'; DROP TABLE photos; --") is Visibility.HIDDEN
    assert count(session, Listing) == 0


def test_uploads_at_the_same_time_are_all_kept(sessions: SessionFactory, store: FolderStore) -> None:
    """A phone sends several photos at once; none is lost, none gets another's place."""
    with transaction(sessions) as session:
        school = factories.unit(session)
        asset_id = factories.asset(session, school).id
        officer = factories.actor((Role.UNIT_ASSET_OFFICER, school))
    failures: list[BaseException] = []

    def upload(data: bytes) -> None:
        try:
            with transaction(sessions) as own:
                photos.add_photo(own, store, officer, NOW, asset_id, data)
        except BaseException as error:
            failures.append(error)

    kinds = ("laptop", "sofa", "car", "bed", "printer", "laptop")
    threads = [threading.Thread(target=upload, args=(picture(kind),)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with sessions() as session:
        kept = session.scalars(select(Photo).order_by(Photo.position)).all()
        asset = session.get_one(Asset, asset_id)
        assert [photo.position for photo in kept] == [0, 1, 2, 3, 4]
        assert len({photo.digest for photo in kept}) == 5
        assert (asset.cover_photo_id, asset.version) == (kept[0].id, 6)
