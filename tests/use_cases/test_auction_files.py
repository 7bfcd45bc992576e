"""附件: told by their content, frozen with each published version, never reachable from a draft."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pytest
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from marketplace.db.auctions import Auction, AuctionFile, PublicFile
from marketplace.domain.errors import Conflict, Invalid, NotFound
from marketplace.domain.papers import digest_of
from marketplace.use_cases import auction_files, auctions, notices
from tests.conftest import NOW
from tests.media.pictures import encoded, near, pixel, quarters
from tests.use_cases.selling import ZONE, Office, office

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
OTHER = PDF.replace(b"1 0 obj", b"2 0 obj")
DAY = dt.timedelta(days=1)


@pytest.fixture
def selling(session: Session) -> Office:
    return office(session)


def attach(selling: Office, auction: Auction, content: bytes = PDF, name: str = "说明.pdf") -> AuctionFile:
    return auction_files.attach(selling.session, selling.manager, NOW, auction.id, name, content)


def test_a_notice_names_its_files_by_hash_and_opens_them(selling: Office) -> None:
    auction = selling.draft()
    file = attach(selling, auction)
    with pytest.raises(NotFound):
        auction_files.of_notice(selling.session, auction.number, 1, file.digest)
    notice = selling.publish(auction)
    [named] = notice.content["attachments"]
    assert named["digest"] == hashlib.sha256(PDF).hexdigest()
    assert notice.digest == digest_of(notice.content)
    found = auction_files.of_notice(selling.session, auction.number, 1, named["digest"])
    assert (found.content, found.name, found.media_type) == (PDF, "说明.pdf", "application/pdf")


def test_a_version_keeps_its_files_when_the_next_has_others(selling: Office) -> None:
    auction = selling.draft()
    old = attach(selling, auction)
    selling.publish(auction)
    auctions.revise(selling.session, selling.manager, NOW, auction.id)
    auction_files.detach(selling.session, selling.manager, NOW, auction.id, old.id)
    new = attach(selling, auction, OTHER, "新说明.pdf")
    session, number = selling.session, auction.number
    assert auction_files.of_notice(session, number, 1, old.digest).content == PDF
    with pytest.raises(NotFound):
        auction_files.of_notice(session, number, 1, new.digest)
    second = selling.publish(auction)
    assert [one["name"] for one in second.content["attachments"]] == ["新说明.pdf"]
    assert auction_files.of_notice(session, number, 2, new.digest).content == OTHER
    with pytest.raises(NotFound):
        auction_files.of_notice(session, number, 2, old.digest)
    with pytest.raises(DBAPIError, match="violates foreign key"), session.begin_nested():
        session.execute(text(f"DELETE FROM auction_files WHERE id = {old.id}"))


def test_a_changed_file_restarts_the_notice_period(selling: Office) -> None:
    auction = selling.published()
    later = NOW + 5 * DAY
    auctions.revise(selling.session, selling.manager, later, auction.id)
    attach(selling, auction)
    selling.approve(auction, later)
    with pytest.raises(Invalid) as refused:
        notices.publish(selling.session, selling.manager, later, later.date(), ZONE, auction.id)
    assert "starts" in {error.field for error in refused.value.fields}


def test_later_notices_carry_the_files_of_the_offering(selling: Office) -> None:
    auction = selling.draft()
    file = attach(selling, auction)
    selling.publish(auction)
    notices.suspend(selling.session, selling.manager, NOW, ZONE, auction.id, "有人提出异议")
    assert auction_files.of_notice(selling.session, auction.number, 2, file.digest).content == PDF


def test_a_draft_drops_what_was_never_published(selling: Office) -> None:
    auction = selling.draft()
    file = attach(selling, auction)
    auction_files.detach(selling.session, selling.manager, NOW, auction.id, file.id)
    assert selling.session.scalar(select(func.count()).select_from(AuctionFile)) == 0
    assert selling.publish(auction).content["attachments"] == []
    assert selling.session.scalar(select(func.count()).select_from(PublicFile)) == 0


def test_the_same_content_is_one_file(selling: Office) -> None:
    auction = selling.draft()
    assert attach(selling, auction).id == attach(selling, auction, name="另一个名字.pdf").id


def test_files_hang_on_drafts_alone(selling: Office) -> None:
    auction = selling.draft()
    file = attach(selling, auction)
    selling.approve(auction)
    with pytest.raises(Conflict):
        attach(selling, auction, OTHER)
    with pytest.raises(Conflict):
        auction_files.detach(selling.session, selling.manager, NOW, auction.id, file.id)
    assert [one.id for one in auction.files] == [file.id]


def test_an_image_loses_what_it_says_of_place_and_camera(selling: Office) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "CameraWorks"
    exif.get_ifd(0x8825)[1] = "N"
    photo = encoded(quarters(), "JPEG", exif=exif)
    assert b"CameraWorks" in photo
    file = attach(selling, selling.draft(), photo, "现场.jpeg")
    assert (file.name, file.media_type, file.size) == ("现场.jpg", "image/jpeg", len(file.content))
    assert file.digest == hashlib.sha256(file.content).hexdigest()
    with Image.open(io.BytesIO(file.content)) as kept:
        assert kept.size == (120, 160)
        assert not kept.getexif()
        assert near(pixel(kept, 110, 10), (210, 40, 40))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90 program.pdf",
        b"<html><script>alert(1)</script>",
        PDF[:-8],
        encoded(quarters(), "PNG")[:-20],
        b"\x89PNG\r\n\x1a\n" + b"x" * 50,
        encoded(quarters(), "WEBP"),
        b"%PDF-" + b"x" * auction_files.LARGEST_FILE,
    ],
    ids=["empty", "program", "page", "cut pdf", "cut png", "no png", "webp", "large"],
)
def test_what_it_is_tells_the_content_and_not_the_name(selling: Office, content: bytes) -> None:
    auction = selling.draft()
    with pytest.raises(Invalid):
        attach(selling, auction, content, "说明.pdf")
    assert auction.files == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "etc passwd.pdf"),
        ("", "附件.pdf"),
        ("报告.PDF", "报告.pdf"),
        ("a\r\nb.exe", "a b.exe.pdf"),
    ],
)
def test_names_are_harmless(selling: Office, name: str, kept: str) -> None:
    assert attach(selling, selling.draft(), name=name).name == kept


@pytest.mark.parametrize(
    "change", ["UPDATE auction_files SET content = 'x'", "DELETE FROM public_files", "TRUNCATE public_files"]
)
def test_what_is_public_can_not_be_changed(selling: Office, change: str) -> None:
    auction = selling.draft()
    attach(selling, auction)
    selling.publish(auction)
    with pytest.raises(DBAPIError, match="never changed"):
        selling.session.execute(text(change))
