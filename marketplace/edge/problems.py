"""Errors for programs: RFC 9457 problem details with a stable ``code``."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson
from apiflask.exceptions import HTTPError
from flask import Response, g
from flask_babel import gettext

from marketplace.domain.errors import Conflict, FieldError, Invalid, RuleError

MEDIA_TYPE = "application/problem+json"
CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "version_conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    428: "version_required",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
    507: "no_space",
}
AGAIN_SECONDS = {503: 5, 507: 60}
"""After how long it is worth coming again."""

Translate = Callable[[RuleError | FieldError], str]


def of_rule(error: RuleError, status: int, translate: Translate) -> Response:
    """A refusal by rule, with the fields that are wrong or the state that is in the way."""
    extra: dict[str, Any] = {}
    if isinstance(error, Invalid):
        extra["errors"] = [{"field": f.field, "message": translate(f)} for f in error.fields]
    if isinstance(error, Conflict):
        extra |= {"state": str(error.state), "allowed_actions": [str(action) for action in error.allowed]}
    if error.basis:
        extra["basis"] = error.basis
    return problem(status, error.code, translate(error), **extra)


def of_status(status: int) -> Response:
    """A refusal that no rule of ours made: unknown address, wrong method, too many requests."""
    return problem(status, CODES.get(status, "error"), _detail(status))


def of_shape(error: HTTPError) -> Response:
    """Input whose shape is not what the OpenAPI document says: which field, and why."""
    status = error.status_code
    places = error.detail.values() if isinstance(error.detail, dict) else ()
    errors = [
        {"field": field, "message": message}
        for fields in places
        for field, messages in fields.items()
        for message in messages
    ]
    if not errors:
        return of_status(status)
    return problem(status, "invalid", gettext("请求的格式不符合接口文档。"), errors=errors)


def problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    """Problem details; ``detail`` is for people, ``code`` for programs."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": g.get("request_id", ""),
        **extra,
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else coming_again(status)
    return Response(orjson.dumps(body), status, headers, content_type=MEDIA_TYPE)


def coming_again(status: int) -> dict[str, str]:
    """The header that says when to come again, where that is worth it."""
    return {"Retry-After": str(AGAIN_SECONDS[status])} if status in AGAIN_SECONDS else {}


def _detail(status: int) -> str:
    return {
        401: gettext("请在 Authorization 头中提供有效的 Bearer 令牌。"),
        403: gettext("您没有办理此事的权限。"),
        404: gettext("没有找到所请求的内容。"),
        405: gettext("此地址不支持这种请求方法。"),
        413: gettext("提交的内容过大。"),
        415: gettext("不支持这种内容类型。"),
        428: gettext("请在 If-Match 头中填写读取时得到的 ETag，说明修改所依据的版本；填 * 表示不论版本。"),
        429: gettext("请求过于频繁，请稍后再试。"),
        503: gettext("服务暂时不可用，请稍后重试。"),
        507: gettext("存储空间已满，暂时不能保存。请联系系统管理员清理空间，然后重试。"),
    }.get(status, gettext("请求无法处理。"))
