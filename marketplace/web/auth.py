"""Signing in and out, the own profile, password and tokens."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from marketplace.db import actors
from marketplace.db.people import ApiToken, RoleGrant, User
from marketplace.domain.errors import Invalid, invalid_field
from marketplace.domain.permissions import ROLE_NAMES
from marketplace.domain.text import N_
from marketplace.edge.access import SignedInUser, public, signed_in
from marketplace.edge.context import actor, db, now, services
from marketplace.edge.i18n import LOCALES, message_of, minute
from marketplace.edge.limits import limiter
from marketplace.edge.redirects import local_target
from marketplace.use_cases import accounts
from marketplace.use_cases.accounts import SignIn, SignInOutcome
from marketplace.web.navigation import home_endpoint

blueprint = Blueprint("auth", __name__)


@blueprint.get("/")
@public
def home() -> Response:
    """To where this user's day begins; visitors to the sign-in page."""
    return redirect(
        url_for(home_endpoint(actor())) if current_user.is_authenticated else url_for("auth.sign_in")
    )


@blueprint.get("/login")
@public
def sign_in() -> str | Response:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("auth.home"))
    return _sign_in_page(idle=bool(session.pop("signed_out_idle", False)))


@blueprint.post("/login")
@public
@limiter.limit("30 per minute")
def do_sign_in() -> str | Response | tuple[str, int]:
    """Check name and password."""
    username, password = request.form.get("username", ""), request.form.get("password", "")
    result = accounts.sign_in(db(), now(), username, password)
    if result.outcome is not SignInOutcome.DONE:
        return _sign_in_page(error=_sign_in_error(result)), 401
    found = actors.by_user(db(), result.user_id or 0)
    if found is None:
        return _sign_in_page(error=gettext("账号已停用,请联系本单位安全管理员。")), 401
    session.clear()
    login_user(SignedInUser(found))
    session["seen"] = now().timestamp()
    if result.must_change_password:
        return redirect(url_for("auth.password"))
    return redirect(local_target(request.form.get("next", "")))


@blueprint.post("/logout")
@signed_in(before_password_change=True)
def sign_out() -> Response:
    """End this session."""
    accounts.sign_out(db(), actor(), now())
    logout_user()
    session.clear()
    return redirect(url_for("auth.sign_in"))


@blueprint.post("/locale")
@public
def choose_locale() -> Response:
    """Change the language, for the account where there is one."""
    chosen = request.form.get("locale", "")
    response = redirect(local_target(request.form.get("next", "")))
    if chosen in LOCALES:
        if actor().user_id:
            db().get_one(User, actor().user_id).locale = chosen
        response.set_cookie("locale", chosen, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


@blueprint.get("/profile")
@signed_in()
def profile() -> str:
    """The own account: what it may do, its tokens."""
    return _profile_page()


@blueprint.post("/profile/tokens")
@signed_in()
def issue_token() -> str | tuple[str, int]:
    """Make a token; this answer is the only one that shows it."""
    user = db().get_one(User, actor().user_id)
    try:
        token = accounts.issue_token(
            db(), actor(), now(), user, request.form.get("name", ""), _expiry(request.form.get("days", ""))
        )
    except Invalid as error:
        return _profile_page(error=message_of(error)), 422
    return _profile_page(fresh_token=token)


@blueprint.post("/profile/tokens/<int:token_id>/revoke")
@signed_in()
def revoke_token(token_id: int) -> Response:
    """End a token of one's own."""
    accounts.revoke_token(db(), actor(), now(), token_id)
    flash(gettext("令牌已作废,使用它的程序立即不能再访问。"), "success")
    return redirect(url_for("auth.profile"))


@blueprint.get("/profile/password")
@signed_in(before_password_change=True)
def password() -> str:
    """The form for a new password."""
    return render_template("auth/password.html", errors={}, forced=_forced())


@blueprint.post("/profile/password")
@signed_in(before_password_change=True)
def change_password() -> str | Response | tuple[str, int]:
    """Change the password; other sessions end, this one goes on."""
    try:
        _check_repeat()
        accounts.change_password(
            db(), actor(), now(), request.form.get("old_password", ""), request.form.get("password", "")
        )
    except Invalid as error:
        errors = {field.field: message_of(field) for field in error.fields}
        return render_template("auth/password.html", errors=errors, forced=_forced()), 422
    db().flush()
    found = actors.by_user(db(), actor().user_id or 0)
    if found is not None:
        login_user(SignedInUser(found))
    flash(gettext("密码已修改,其他设备上的登录已失效。"), "success")
    return redirect(url_for("auth.home"))


def _sign_in_page(*, error: str = "", idle: bool = False) -> str:
    return render_template(
        "auth/login.html",
        error=error,
        idle=idle,
        username=request.form.get("username", ""),
        next=request.values.get("next", ""),
        demo_accounts=services().demo_accounts,
    )


def _sign_in_error(result: SignIn) -> str:
    if result.outcome is SignInOutcome.LOCKED:
        return gettext(
            "连续输错5次,账号已锁定至%(until)s。请届时再试,或请安全管理员解锁。",
            until=minute(result.locked_until),
        )
    return gettext("用户名或密码不正确。请检查大小写和输入法后重试。")


def _profile_page(*, fresh_token: str = "", error: str = "") -> str:
    user = db().get_one(User, actor().user_id)
    tokens = db().scalars(
        select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.id.desc()).limit(50)
    )
    grants = db().scalars(select(RoleGrant).where(RoleGrant.user_id == user.id).order_by(RoleGrant.id))
    return render_template(
        "auth/profile.html",
        user=user,
        tokens=tokens.all(),
        grants=grants.all(),
        role_names=ROLE_NAMES,
        fresh_token=fresh_token,
        error=error,
        token_name=request.form.get("name", "") if error else "",
    )


def _expiry(days: str) -> dt.datetime | None:
    return now() + dt.timedelta(days=int(days)) if days.isdigit() and 0 < int(days) <= 3650 else None


def _check_repeat() -> None:
    if request.form.get("password") != request.form.get("repeat"):
        raise invalid_field("repeat", N_("两次输入的新密码不一致。"))


def _forced() -> bool:
    return bool(g.identity.must_change_password)
