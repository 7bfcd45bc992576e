"""附件 of an auction: hung on the draft, frozen with each published version, open to everyone from there."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, undefer

from marketplace.db.auctions import Auction, AuctionFile, Notice, PublicFile
from marketplace.domain.errors import NotFound, invalid_field
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_, clean
from marketplace.media import attachments
from marketplace.use_cases import auction_drafts, auctions

MOST_FILES = 20
LARGEST_FILE = 20 * 1024 * 1024
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


def attach(
    session: Session, actor: Actor, now: dt.datetime, auction_id: int, name: str, content: bytes
) -> AuctionFile:
    """Hang a file on a draft; the same content twice is one file.

    What an image says beside its pixels (place, camera, owner) is not kept.

    Raises:
        Invalid: too large, too many, damaged, or neither PDF nor JPEG nor PNG by its content.
        Conflict: the auction is no draft.
    """
    auction = auction_drafts.in_preparation(session, actor, auction_id)
    if not 0 < len(content) <= LARGEST_FILE:
        raise invalid_field("file", N_("附件不能为空，也不能超过%(limit)dMB。"), limit=LARGEST_FILE >> 20)
    kept = attachments.prepare(content)
    digest = hashlib.sha256(kept.data).hexdigest()
    there = next((file for file in auction.files if file.digest == digest), None)
    if there is not None:
        return there
    if len(auction.files) >= MOST_FILES:
        raise invalid_field("file", N_("最多附%(limit)d个文件。"), limit=MOST_FILES)
    row = AuctionFile(
        auction_id=auction.id,
        name=_file_name(name, kept.extension),
        media_type=kept.media_type,
        size=len(kept.data),
        digest=digest,
        content=kept.data,
        added_at=now,
        added_by=actor.user_id,
    )
    session.add(row)
    _touched(session, actor, auction)
    auctions.note(
        session, actor, now, auction, "auction.file_add", after={"file": row.name, "digest": digest}
    )
    return row


def detach(session: Session, actor: Actor, now: dt.datetime, auction_id: int, file_id: int) -> None:
    """Take a file off a draft; versions that were published with it keep it.

    Raises:
        NotFound: it doesn't hang there.
        Conflict: the auction is no draft.
    """
    auction = auction_drafts.in_preparation(session, actor, auction_id)
    row = next((file for file in auction.files if file.id == file_id), None)
    if row is None:
        raise NotFound(N_("没有找到这个附件。"))
    name, digest = row.name, row.digest
    published = select(PublicFile.file_id).where(PublicFile.file_id == file_id).limit(1)
    if session.scalar(published) is None:
        session.execute(delete(AuctionFile).where(AuctionFile.id == file_id))
    else:
        session.execute(update(AuctionFile).where(AuctionFile.id == file_id).values(removed_at=now))
    _touched(session, actor, auction)
    auctions.note(
        session, actor, now, auction, "auction.file_remove", before={"file": name, "digest": digest}
    )


def _touched(session: Session, actor: Actor, auction: Auction) -> None:
    auction.prepared_by, auction.approved_by = actor.user_id, None
    session.flush()
    session.expire(auction, ["files"])


def open_with(session: Session, auction: Auction, notice: Notice) -> None:
    """What a version names becomes public with it."""
    digests = [file["digest"] for file in notice.content.get("attachments", [])]
    if not digests:
        return
    query = select(AuctionFile.id).where(
        AuctionFile.auction_id == auction.id, AuctionFile.digest.in_(digests)
    )
    rows = [{"notice_id": notice.id, "file_id": file_id} for file_id in session.scalars(query)]
    session.execute(insert(PublicFile).on_conflict_do_nothing(), rows)


def of_draft(session: Session, actor: Actor, auction_id: int, file_id: int) -> AuctionFile:
    """A file with its content, for those who may know of the auction.

    Raises:
        NotFound: there is none that the actor may know of.
    """
    auction = auctions.load(session, actor, auction_id)
    query = select(AuctionFile).where(AuctionFile.auction_id == auction.id, AuctionFile.id == file_id)
    return _found(session.scalar(query.options(undefer(AuctionFile.content))))


def of_notice(session: Session, number: str, version: int, digest: str) -> AuctionFile:
    """A file as a published version carries it; its content is read when it is asked for.

    Raises:
        NotFound: no such version was published, or not with this file.
    """
    query = (
        select(AuctionFile)
        .join(PublicFile, PublicFile.file_id == AuctionFile.id)
        .join(Notice, Notice.id == PublicFile.notice_id)
        .where(Notice.number == number, Notice.version == version, AuctionFile.digest == digest)
        .order_by(AuctionFile.id)
        .limit(1)
    )
    return _found(session.scalar(query))


def _found(file: AuctionFile | None) -> AuctionFile:
    if file is None:
        raise NotFound(N_("没有找到这个附件。"))
    return file


def _file_name(name: str, extension: str) -> str:
    """The name as it was given, ending as its content asks."""
    stem = _NOT_IN_NAMES.sub(" ", clean(name)).strip(" .")
    plain = re.sub(rf"\.(?:{extension}|jpeg)$", "", stem, flags=re.IGNORECASE)
    return f"{plain[:180] or '附件'}.{extension}"
