"""Tables as files to keep."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, stream_with_context

from marketplace.registers.writer import MEDIA_TYPES, FileKind, Table, blocks


def download(table: Table, kind: FileKind, name: str) -> Response:
    """The table as a file called ``name``, sent while its rows are read."""
    return attachment(stream_with_context(blocks(table, kind)), kind, name)


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
