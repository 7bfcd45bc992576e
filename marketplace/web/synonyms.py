"""俗称: the words people use for the same thing, kept by warehouse managers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain.errors import RuleError
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import catalogue

blueprint = Blueprint("synonyms", __name__, url_prefix="/admin/synonyms")


@blueprint.get("")
@needs(Permission.MANAGE_CATALOGUE)
def page() -> str:
    """All groups of words."""
    return _page()


@blueprint.post("")
@needs(Permission.MANAGE_CATALOGUE)
def create() -> str | Response | tuple[str, int]:
    """Add a group."""
    try:
        catalogue.create_synonyms(db(), actor(), now(), request.form.get("canonical", ""), _words())
    except RuleError as error:
        db().rollback()
        return _page(error=error), status_of(error)
    flash(gettext("已保存。相关资产的检索将在数秒内更新。"), "success")
    return redirect(url_for("synonyms.page"))


@blueprint.post("/<int:group_id>")
@needs(Permission.MANAGE_CATALOGUE)
def save(group_id: int) -> str | Response | tuple[str, int]:
    """Change a group."""
    version = request.form.get("version", type=int) or 0
    try:
        catalogue.update_synonyms(
            db(), actor(), now(), group_id, version, request.form.get("canonical", ""), _words()
        )
    except RuleError as error:
        db().rollback()
        return _page(error=error, editing=group_id), status_of(error)
    flash(gettext("已保存。相关资产的检索将在数秒内更新。"), "success")
    return redirect(url_for("synonyms.page"))


@blueprint.post("/<int:group_id>/delete")
@needs(Permission.MANAGE_CATALOGUE)
def delete(group_id: int) -> Response:
    """Delete a group."""
    catalogue.delete_synonyms(db(), actor(), now(), group_id, request.form.get("version", type=int) or 0)
    flash(gettext("已删除。"), "success")
    return redirect(url_for("synonyms.page"))


def _page(*, error: RuleError | None = None, editing: int | None = None) -> str:
    groups = catalogue.list_synonyms(
        db(), actor(), request.args.get("q", ""), after=request.args.get("after", "")
    )
    return render_template(
        "admin/synonyms.html",
        groups=groups,
        after=groups[-1].canonical if len(groups) == catalogue.PAGE else "",
        q=request.args.get("q", ""),
        error=message_of(error) if error else "",
        editing=editing or request.args.get("edit", type=int),
        typed=request.form,
    )


def _words() -> list[str]:
    return catalogue.split_words(request.form.get("words", ""))
