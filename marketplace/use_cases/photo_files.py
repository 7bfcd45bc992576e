"""The files of photos, kept in step with the rows that name them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection, func, select, true
from sqlalchemy.orm import Session

from marketplace.db.assets import Photo
from marketplace.db.auctions import PublicPhoto
from marketplace.db.orders import Handover
from marketplace.db.session import SessionFactory, transaction
from marketplace.media import store as stores
from marketplace.media.images import Picture
from marketplace.media.store import PhotoStore

ORPHANS_KEPT = dt.timedelta(days=1)
"""How long files lie that no row names: an upload failed after they were written."""
BATCH = 1_000
FILES_LOCK = 7_260_341
"""Shared by transactions that write files before their row is there to be seen; taken alone by the sweep."""

BACKUP_LOCK = 7_260_342
"""Held alone by a backup, so that every photo which its snapshot names is still there to be copied."""


def keep(session: Session, store: PhotoStore, picture: Picture) -> None:
    """Put a picture's files, in the transaction that adds the row which names them.

    The files are there already where an earlier upload failed: until this transaction ends, the sweep
    does not look at any.
    """
    session.execute(select(func.pg_advisory_xact_lock_shared(FILES_LOCK)))
    stores.keep(store, picture)


def sweep(
    sessions: SessionFactory,
    store: PhotoStore,
    now: dt.datetime,
    *,
    dry_run: bool = False,
    keep_going: Callable[[], bool] = lambda: True,
    batch: int = BATCH,
) -> int:
    """Delete files that no row names and that are older than ``ORPHANS_KEPT``; how many there are.

    Uploads wait for one batch at most; during a backup nothing is deleted. It may end after any batch,
    and is safe to run twice at once.
    """
    before = now - ORPHANS_KEPT
    swept = 0 if dry_run else store.drop_drafts(before)
    keys = store.written_before(before)
    while keep_going() and (some := list(islice(keys, batch))):
        with transaction(sessions) as session:
            if not session.scalar(select(func.pg_try_advisory_xact_lock_shared(BACKUP_LOCK))):
                return swept
            session.execute(select(func.pg_advisory_xact_lock(FILES_LOCK)))
            orphans = _orphans(session, some)
            for key in () if dry_run else orphans:
                store.delete(key)
            swept += len(orphans)
    return swept


def named(connection: Connection) -> Iterator[str]:
    """Content hashes of all photos that rows name, some of them more than once."""
    shown = func.jsonb_array_elements_text(Handover.photos).table_valued("value").lateral()
    handed_over = select(shown.c.value).select_from(Handover).join(shown, true())
    for query in (select(Photo.digest), handed_over, select(PublicPhoto.digest)):
        yield from connection.execute(query, execution_options={"yield_per": BATCH}).scalars()


def _orphans(session: Session, keys: Sequence[str]) -> list[str]:
    digests = {stores.digest_of(key) for key in keys}
    digests -= set(session.scalars(select(Photo.digest).where(Photo.digest.in_(digests)).distinct()))
    if digests:
        shown = func.jsonb_array_elements_text(Handover.photos).table_valued("value").lateral()
        named = select(shown.c.value).select_from(Handover).join(shown, true())
        digests -= set(session.scalars(named.where(shown.c.value.in_(digests))))
    if digests:
        published = select(PublicPhoto.digest).where(PublicPhoto.digest.in_(digests))
        digests -= set(session.scalars(published))
    return [key for key in keys if stores.digest_of(key) in digests]
