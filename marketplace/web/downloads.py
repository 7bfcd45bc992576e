"""Tables as files to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Response, stream_with_context
from sqlalchemy.orm import Session

from marketplace.db.session import while_open
from marketplace.edge.context import services
from marketplace.registers.writer import MEDIA_TYPES, FileKind, Table, blocks


def download(make: Callable[[Session], Table], kind: FileKind, name: str) -> Response:
    """A table as a file called ``name``, sent while its rows are read.

    It has a session of its own: the request's is closed before the first row leaves.
    """
    session = services().sessions()
    try:
        pieces = blocks(make(session), kind)
    except BaseException:
        session.close()
        raise
    return attachment(stream_with_context(while_open(session, pieces)), kind, name)


def attachment(content: Iterable[bytes], kind: FileKind, name: str) -> Response:
    """Bytes as a file to keep; no browser or proxy holds a copy."""
    return Response(
        content,
        content_type=MEDIA_TYPES[kind],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{kind}"',
            "Cache-Control": "private, no-store",
        },
    )
