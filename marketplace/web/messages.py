"""消息: what one was told, and the bell that says on every page how much of it is unread."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, abort, g, redirect, render_template, request, session, url_for
from flask_babel import get_locale, gettext, ngettext
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as Answer

from marketplace.db.messages import Message
from marketplace.db.people import User
from marketplace.db.session import driver_connection
from marketplace.domain.messages import write
from marketplace.edge.access import called_by_pages, signed_in
from marketplace.edge.context import actor, db, now, services
from marketplace.texts import Texts
from marketplace.use_cases import messages
from marketplace.use_cases.messages import Show
from marketplace.web.results import is_part

blueprint = Blueprint("messages", __name__, url_prefix="/messages")

JUST_READ = "just_read"
"""Where the browser's session keeps, for one page, what was marked read all at once."""


@blueprint.get("")
@signed_in()
def page() -> str:
    """The reader's messages, newest first."""
    show, before = _show(), request.args.get("before", type=int)
    found, following = messages.search(db(), actor(), show, before=before)
    texts = Texts(str(get_locale()))
    return render_template(
        "messages/page.html",
        messages=[_item(message, texts) for message in found],
        show=show,
        tabs=_tabs(show),
        before=before,
        following=following,
        email=db().get_one(User, actor().user_id).email,
        just_read=session.pop(JUST_READ, None),
    )


@blueprint.get("/<int:message_id>")
@signed_in()
def follow(message_id: int) -> Answer:
    """To where the message leads; it is read now."""
    return redirect(messages.mark_read(db(), actor(), now(), message_id))


@blueprint.post("/<int:message_id>/read")
@signed_in()
def mark_read(message_id: int) -> Answer:
    """Put a message away without following it."""
    messages.mark_read(db(), actor(), now(), message_id)
    return redirect(_back(message_id))


@blueprint.post("/<int:message_id>/unread")
@signed_in()
def mark_unread(message_id: int) -> Answer:
    """Keep a message for later."""
    messages.mark_unread(db(), actor(), message_id)
    return redirect(_back(message_id))


@blueprint.post("/read")
@signed_in()
def mark_all_read() -> Answer:
    """Mark everything read; the next page offers to undo it."""
    count = messages.mark_all_read(db(), actor(), now())
    if count:
        text = ngettext("已将%(num)d条消息标为已读。", "已将%(num)d条消息标为已读。", count)
        session[JUST_READ] = {"text": text, "moment": now().isoformat()}
    return redirect(_back())


@blueprint.post("/read/undo")
@signed_in()
def unmark_all_read() -> Answer:
    """Have unread again what was marked read all at once."""
    try:
        moment = dt.datetime.fromisoformat(request.form.get("moment", ""))
    except ValueError:
        abort(400)
    messages.unmark_all_read(db(), actor(), moment)
    return redirect(_back())


@blueprint.get("/count")
@called_by_pages
def count() -> Response | str:
    """The count alone, which open pages ask for at intervals; nothing for whoever was signed out."""
    if actor().user_id is None:
        return Response(status=204)
    return render_template("messages/_count.html", count=_count_unread())


def unread() -> int:
    """How much the reader has not read: asked once for a whole page, and never for a part of one."""
    if actor().user_id is None or is_part():
        return 0
    if "unread" not in g:
        g.unread = _count_unread()
    return int(g.unread)


def _count_unread() -> int:
    try:
        with driver_connection(services().lookup) as connection:
            return messages.unread_count(connection, actor().user_id or 0)
    except OperationalError:
        # The page that says so has a bell, too.
        return 0


def _show() -> Show:
    wanted = request.args.get("show", "")
    return Show(wanted) if wanted in set(Show) else Show.ALL


def _tabs(show: Show) -> list[dict[str, object]]:
    names = {Show.ALL: gettext("全部"), Show.UNREAD: gettext("未读"), Show.ACTION: gettext("需办理")}
    return [
        {"label": name, "url": url_for("messages.page", show=_in_address(one)), "active": one is show}
        for one, name in names.items()
    ]


def _back(message_id: int | None = None) -> str:
    """The same place in the list, at the message."""
    return url_for(
        "messages.page",
        show=_in_address(_show()),
        before=request.args.get("before", type=int),
        _anchor=f"message-{message_id}" if message_id else None,
    )


def _in_address(show: Show) -> str | None:
    return None if show is Show.ALL else show.value


def _item(message: Message, texts: Texts) -> dict[str, object]:
    wording = write(message.kind, message.params, texts)
    return {
        "id": message.id,
        "title": wording.title,
        "body": wording.body,
        "told_at": message.created_at,
        "unread": message.read_at is None,
        "needs_action": message.needs_action,
        "mail_failed": message.mail_failed,
    }
