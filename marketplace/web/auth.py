"""Signing in and out, the own profile, password and tokens."""

from __future__ import annotations

import datetime as dt
import secrets

from flask import (
    Blueprint,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from marketplace.db import actors
from marketplace.db.actors import Identity
from marketplace.db.people import ApiToken, RoleGrant, Unit, User
from marketplace.domain.accounts import (
    IDLE_SIGN_OUT,
    PASSWORD_AGE,
    PASSWORD_LENGTH,
    SESSION_LENGTH,
    password_expired,
)
from marketplace.domain.errors import Invalid, invalid_field
from marketplace.domain.permissions import ROLE_DUTIES, ROLE_NAMES, Role
from marketplace.domain.text import N_
from marketplace.edge.access import SignedInUser, public, signed_in
from marketplace.edge.context import actor, db, now, services
from marketplace.edge.i18n import LOCALES, minute
from marketplace.edge.limits import limiter
from marketplace.edge.redirects import local_target, parts_of
from marketplace.use_cases import accounts
from marketplace.use_cases.accounts import SignIn, SignInOutcome
from marketplace.web.assets import field_messages
from marketplace.web.navigation import home_endpoint

blueprint = Blueprint("auth", __name__)

Page = str | Response | tuple[str, int]
YEAR = 31_536_000
USERNAME_COOKIE = "username"
TOKEN_DAYS = (30, 90, 365)
"""For how long a token may be made to hold; the other choice is until it is revoked."""


@blueprint.get("/")
@public
def home() -> Response:
    """To where this user's day begins; visitors to the sign-in page."""
    return redirect(
        url_for(home_endpoint(actor())) if current_user.is_authenticated else url_for("auth.sign_in")
    )


@blueprint.get("/login")
@public
def sign_in() -> Page:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(local_target(request.args.get("next", "")))
    if session.pop("signed_out_idle", False):
        minutes = int(IDLE_SIGN_OUT.total_seconds() // 60)
        flash(
            gettext("您已%(minutes)d分钟没有操作，为安全起见已自动退出。请重新登录。", minutes=minutes),
            "warn",
        )
    if session.pop("signed_out_long", False):
        hours = int(SESSION_LENGTH.total_seconds() // 3600)
        flash(gettext("您登录已满%(hours)d小时，为安全起见已自动退出。请重新登录。", hours=hours), "warn")
    return _sign_in_page(request.cookies.get(USERNAME_COOKIE, ""))


@blueprint.post("/login")
@public
@limiter.limit("30 per minute", deduct_when=lambda response: response.status_code == 401)
def do_sign_in() -> Page:
    """Check name and password. Only failures count: a whole office may come from one address."""
    username = request.form.get("username", "").strip()
    password, request_id = request.form.get("password", ""), g.get("request_id", "")
    result = accounts.sign_in(db(), now(), username, password, request_id=request_id)
    found = actors.by_user(db(), result.user_id) if result.user_id else None
    if found is None:
        return _sign_in_page(username, error=_sign_in_error(result)), 401
    begin_session(found)
    target = local_target(request.form.get("next", ""))
    if result.must_change_password:
        target = url_for("auth.password", next=target)
    return _remembering(redirect(target), username if "remember_username" in request.form else "")


def begin_session(found: Identity) -> None:
    """Let the browser be somebody's from here on; nothing of its session before is kept."""
    session.clear()
    login_user(SignedInUser(found))
    session["key"] = secrets.token_hex(16)
    session["seen"] = session["since"] = now().timestamp()


@blueprint.post("/logout")
@signed_in(before_password_change=True)
def sign_out() -> Response:
    """End this session."""
    accounts.sign_out(db(), actor(), now(), session.get("key", ""))
    logout_user()
    session.clear()
    return redirect(url_for("auth.sign_in"))


@blueprint.post("/locale")
@public
def choose_locale() -> Response:
    """Change the language, for the account where there is one."""
    chosen = request.form.get("locale", "")
    response = redirect(_where_from())
    if chosen in LOCALES:
        if actor().user_id:
            db().get_one(User, actor().user_id).locale = chosen
        secure = services().settings.secure_cookies
        response.set_cookie("locale", chosen, max_age=YEAR, samesite="Lax", httponly=True, secure=secure)
    return response


@blueprint.get("/profile")
@signed_in()
def profile() -> Page:
    """The own account: what it may do, its tokens."""
    return _profile_page()


@blueprint.post("/profile/mail")
@signed_in()
def choose_mail() -> Response:
    """Get everything in one mail a day, or a mail for each piece of news."""
    db().get_one(User, actor().user_id).daily_mail = request.form.get("daily") == "1"
    return redirect(url_for("auth.profile", _anchor="mail"))


@blueprint.post("/profile/tokens")
@signed_in()
def issue_token() -> Page:
    """Make a token; this answer is the only one that shows it."""
    user = db().get_one(User, actor().user_id)
    name, days = request.form.get("name", ""), request.form.get("days", type=int)
    until = now() + dt.timedelta(days=days) if days in TOKEN_DAYS else None
    try:
        token = accounts.issue_token(db(), actor(), now(), user, name, until)
    except Invalid as error:
        return _profile_page(error=error), 422
    response = make_response(_profile_page(fresh_token=token))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/profile/tokens/<int:token_id>/revoke")
@signed_in()
def revoke_token(token_id: int) -> Response:
    """End a token of one's own."""
    accounts.revoke_token(db(), actor(), now(), token_id)
    flash(gettext("令牌已作废，使用它的程序立即不能再访问。"), "success")
    return redirect(url_for("auth.profile"))


@blueprint.get("/profile/password")
@signed_in(before_password_change=True)
def password() -> Page:
    """The form for a new password."""
    return _password_page()


@blueprint.post("/profile/password")
@signed_in(before_password_change=True)
@limiter.limit(
    "10 per minute",
    key_func=lambda: str(actor().user_id),
    deduct_when=lambda response: response.status_code == 422,
)
def change_password() -> Page:
    """Change the password; other sessions end, this one goes on."""
    old, new = request.form.get("old_password", ""), request.form.get("password", "")
    try:
        _check_repeat(new)
        accounts.change_password(db(), actor(), now(), old, new)
    except Invalid as error:
        return _password_page(error), 422
    db().flush()
    found = actors.by_user(db(), actor().user_id or 0)
    if found is not None:
        login_user(SignedInUser(found))
    flash(gettext("密码已修改，其他设备上的登录已失效。"), "success")
    return redirect(local_target(request.form.get("next", "")))


def _sign_in_page(username: str, *, error: str = "") -> str:
    return render_template(
        "auth/login.html",
        errors={"form": error} if error else {},
        username=username,
        remember="remember_username" in request.form or USERNAME_COOKIE in request.cookies,
        next_url=request.values.get("next", ""),
        demo_accounts=_demo_accounts(),
    )


def _demo_accounts() -> list[dict[str, str]]:
    """The accounts of a demonstration, with roles and units by name."""
    offered = services().demo_accounts
    codes = {account["unit"] for account in offered}
    names = {unit.code: unit.name for unit in db().scalars(select(Unit).where(Unit.code.in_(codes)))}
    return [
        {
            "username": account["username"],
            "password": account["password"],
            "unit": names.get(account["unit"], account["unit"]),
            "roles": "、".join(gettext(ROLE_NAMES[Role(role)]) for role in account["roles"]),
        }
        for account in offered
    ]


def _sign_in_error(result: SignIn) -> str:
    if result.outcome is SignInOutcome.LOCKED:
        return gettext(
            "连续输错5次，账号已锁定至%(until)s。请届时再试，或请本单位安全管理员解锁。",
            until=minute(result.locked_until),
        )
    return gettext("用户名或密码不正确。请检查大小写和输入法后重试。")


def _remembering(response: Response, username: str) -> Response:
    """Keep the user name, never the password, in this browser; or forget it."""
    if username:
        response.set_cookie(
            USERNAME_COOKIE,
            username[:64],
            max_age=YEAR,
            path=url_for("auth.sign_in"),
            samesite="Lax",
            httponly=True,
            secure=services().settings.secure_cookies,
        )
    else:
        response.delete_cookie(USERNAME_COOKIE, path=url_for("auth.sign_in"))
    return response


def _where_from() -> str:
    """The page that a form stood on, where it was one of ours that can be asked for again."""
    if target := request.form.get("next", ""):
        return local_target(target)
    origin = parts_of(request.referrer or "")
    routes = current_app.url_map.bind("")
    if origin.netloc != request.host or not routes.test(origin.path, "GET"):
        return url_for("auth.home")
    return local_target(origin.path + (f"?{origin.query}" if origin.query else ""))


def _profile_page(*, fresh_token: str = "", error: Invalid | None = None) -> str:
    user = db().get_one(User, actor().user_id, options=[joinedload(User.home_unit)])
    tokens = select(ApiToken).where(ApiToken.user_id == user.id)
    grants = select(RoleGrant).where(RoleGrant.user_id == user.id).options(joinedload(RoleGrant.unit))
    return render_template(
        "auth/profile.html",
        user=user,
        tokens=db().scalars(tokens.order_by(ApiToken.revoked_at.desc(), ApiToken.id.desc()).limit(100)).all(),
        grants=db().scalars(grants.order_by(RoleGrant.id)).all(),
        role_names=ROLE_NAMES,
        role_duties=ROLE_DUTIES,
        password_due=user.password_changed_at + PASSWORD_AGE,
        token_days=TOKEN_DAYS,
        fresh_token=fresh_token,
        errors=field_messages(error),
        typed=request.form if error else {},
        locales=LOCALES,
    )


def _password_page(error: Invalid | None = None) -> str:
    found = g.identity
    return render_template(
        "auth/password.html",
        errors=field_messages(error),
        first=found.must_change_password,
        expired=password_expired(found.password_changed_at, now()),
        length=PASSWORD_LENGTH,
        days=PASSWORD_AGE.days,
        next_url=request.values.get("next", ""),
    )


def _check_repeat(password: str) -> None:
    if password != request.form.get("repeat"):
        raise invalid_field("repeat", N_("两次输入的新密码不一致。"))
