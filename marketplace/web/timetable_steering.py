"""Steering the timetable of an asset, from its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext

from marketplace.domain.errors import NotFound, RuleError
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.use_cases import assets, timetable
from marketplace.web.assets import Page, asset_page

blueprint = Blueprint("timetable", __name__, url_prefix="/assets/<int:asset_id>/timetable")


@blueprint.post("/stop")
@needs(Permission.STEER_TIMETABLE)
def stop(asset_id: int) -> Page:
    """Stop the clock."""
    return _steer(
        asset_id,
        lambda: timetable.stop_clock(db(), actor(), now(), today(), asset_id, request.form.get("reason", "")),
        gettext("时间表已暂停。"),
    )


@blueprint.post("/go-on")
@needs(Permission.STEER_TIMETABLE)
def go_on(asset_id: int) -> Page:
    """Let the clock go on."""
    return _steer(
        asset_id,
        lambda: timetable.let_go_on(db(), actor(), now(), today(), asset_id),
        gettext("时间表继续计算。"),
    )


@blueprint.post("/skip")
@needs(Permission.STEER_TIMETABLE)
def skip(asset_id: int) -> Page:
    """End the stage early."""
    return _steer(
        asset_id,
        lambda: timetable.skip(db(), actor(), now(), today(), asset_id, request.form.get("reason", "")),
        gettext("已进入下一阶段。"),
    )


def _steer(asset_id: int, act: Callable[[], Any], done: str) -> Page:
    """Do it, or show the page with what is wrong; the reason that was typed stays."""
    try:
        act()
    except NotFound:
        raise
    except RuleError as error:
        db().rollback()
        return asset_page(assets.load(db(), actor(), asset_id), error=error), status_of(error)
    flash(done, "ok")
    return redirect(url_for("assets.page", asset_id=asset_id))
