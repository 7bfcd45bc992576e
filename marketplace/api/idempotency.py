"""``Idempotency-Key``: a creating call that is repeated happens once and is answered alike.

The key is taken in the same transaction as the work, so a crash leaves neither, and a repeat that
arrives while the first is still running waits for it at the unique key.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, request
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from marketplace.db.outbox import KeptAnswer
from marketplace.domain.errors import Conflict, invalid_field
from marketplace.domain.text import N_
from marketplace.edge.context import actor, db, now

KEPT_HEADERS = ("Location", "ETag", "Content-Type")
MAX_KEY = 120

View = Callable[..., Response]


def once(view: View) -> View:
    """Answer a repeated key with the first answer. Without a key the view runs as ever."""

    @functools.wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return view(*args, **kwargs)
        if len(key) > MAX_KEY:
            raise invalid_field("Idempotency-Key", N_("Idempotency-Key 最长120个字符。"))
        return _take(key) or _keep(key, view(*args, **kwargs))

    return wrapped


def _take(key: str) -> Response | None:
    """Claim the key; the kept answer when somebody had it first."""
    digest = _digest()
    values = {"user_id": actor().user_id, "key": key, "request_digest": digest, "created_at": now()}
    claimed = (
        db()
        .execute(insert(KeptAnswer).values(values).on_conflict_do_nothing().returning(KeptAnswer.key))
        .first()
    )
    if claimed:
        return None
    kept = (
        db()
        .scalars(select(KeptAnswer).where(KeptAnswer.user_id == actor().user_id, KeptAnswer.key == key))
        .one()
    )
    if kept.request_digest != digest:
        raise Conflict(N_("这个 Idempotency-Key 已用于另一个请求，请换一个。"), code="idempotency_key_reused")
    return Response(kept.body or b"", kept.status, {**(kept.headers or {}), "Idempotent-Replay": "true"})


def _keep(key: str, response: Response) -> Response:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    db().execute(
        update(KeptAnswer)
        .where(KeptAnswer.user_id == actor().user_id, KeptAnswer.key == key)
        .values(status=response.status_code, headers=headers, body=response.get_data())
    )
    return response


def _digest() -> str:
    """What the request asks for: a multipart body differs in its boundary, so its parts are hashed."""
    seed = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    if request.files or request.form:
        for name, text in sorted(request.form.items(multi=True), key=_name_of):
            seed.update(f"{name}={text}\n".encode())
        for name, file in sorted(request.files.items(multi=True), key=_name_of):
            seed.update(f"{name}:{file.filename}\n".encode())
            seed.update(file.stream.read())
            file.stream.seek(0)
    else:
        seed.update(request.get_data())
    return seed.hexdigest()


def _name_of(part: tuple[str | None, object]) -> str:
    """What a part is called; there may be several of one name, or one without any."""
    return part[0] or ""
