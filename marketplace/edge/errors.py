"""Turning errors into pages that say what is wrong and how to go on."""

from __future__ import annotations

import errno
from typing import cast

from flask import Flask, Response, g, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound, RuleError
from marketplace.edge import problems
from marketplace.edge.gate import Busy
from marketplace.edge.i18n import message_of

log = get_logger()

STATUS: dict[type[RuleError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Conflict: 409,
    Invalid: 422,
    RuleError: 422,
}
PAGES = frozenset({400, 403, 404, 409, 413, 422, 429, 500, 503, 507})
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says when a file can't be written for want of space."""


def init_errors(app: Flask) -> None:
    """Pages for people, problem details for programs, a log line for whoever runs it."""
    app.register_error_handler(RuleError, _rule)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(DataError, _unfit)
    for away in (OperationalError, PoolTimeout, Busy):
        app.register_error_handler(away, _database_away)
    app.register_error_handler(OSError, _disk)
    app.register_error_handler(Exception, _unexpected)


def status_of(error: RuleError) -> int:
    """The HTTP status that says what kind of refusal this is."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _rule(error: RuleError) -> Response:
    status = status_of(error)
    if _for_program():
        return problems.of_rule(error, status, message_of)
    return _page(status, message_of(error), basis=error.basis)


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return cast(Response, error.get_response())
    status = error.code or 500
    if _for_program():
        return problems.of_status(status)
    return _page(status)


def _unfit(error: DataError) -> Response:
    """What was sent can't be a value of any row: a NUL character, a number beyond all bounds."""
    log.warning("unfit_value", path=request.path, error=str(error.orig))
    return problems.of_status(400) if _for_program() else _page(400)


def _database_away(error: Exception) -> Response:
    said = getattr(error, "orig", error)
    if isinstance(said, (LockNotAvailable, DeadlockDetected)):
        return _others_at_it(said)
    log.error("database_unavailable", error=repr(said))
    return problems.of_status(503) if _for_program() else _page(503)


def _others_at_it(said: BaseException) -> Response:
    """A row was kept by others for too long; nothing was changed, and the next try may well succeed."""
    log.warning("others_at_it", path=request.path, error=repr(said))
    reason = gettext("许多人正在同时办理同一件事，这次没有轮到您。什么都没有改动，请过几秒再试。")
    return problems.problem(503, "busy", reason) if _for_program() else _page(503, reason)


def _disk(error: OSError) -> Response:
    """A disk that is full is no fault of the program, and mended without it."""
    if error.errno not in FULL:
        return _unexpected(error)
    log.error("disk_full", path=request.path, error=str(error))
    return problems.of_status(507) if _for_program() else _page(507)


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected_error", path=request.path, error=repr(error))
    return problems.of_status(500) if _for_program() else _page(500)


def _stale_form(_error: CSRFError) -> Response:
    return _page(400, name="stale_form")


def _page(status: int, reason: str = "", *, basis: str = "", name: str = "") -> Response:
    page = name or (status if status in PAGES else (500 if status >= 500 else 400))
    body = render_template(
        f"errors/{page}.html", reason=reason, basis_of_reason=basis, request_id=g.get("request_id", "")
    )
    return Response(body, status, headers=problems.coming_again(status))


def _for_program() -> bool:
    return request.path.startswith("/api/")
