"""The application: settings and a search engine in, a WSGI application out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from apiflask import APIFlask
from flask import Response, g, request
from flask.json.provider import JSONProvider
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from marketplace.api import assets as api_assets
from marketplace.api import auctions as api_auctions
from marketplace.api import disposals as api_disposals
from marketplace.api import document
from marketplace.api import flags as api_flags
from marketplace.api import jobs as api_jobs
from marketplace.api import me as api_me
from marketplace.api import orders as api_orders
from marketplace.api.blueprint import blueprint as api_blueprint
from marketplace.config import ROOT, Settings
from marketplace.db.session import make_engine, make_lookup, make_sessions
from marketplace.domain.finding import Finder
from marketplace.edge import context, problems
from marketplace.edge.access import SOME, init_access, public
from marketplace.edge.errors import init_errors
from marketplace.edge.i18n import init_i18n
from marketplace.edge.kept import init_shelf
from marketplace.edge.limits import limiter
from marketplace.edge.row_ids import RowId
from marketplace.edge.sessions import PageSessions
from marketplace.media.store import FolderStore
from marketplace.web import (
    asset_photos,
    assets,
    auction_desk,
    auction_files,
    auction_results,
    auction_settings,
    audit,
    auth,
    basket,
    bulk_listing,
    calendar,
    card_rows,
    consents,
    disposals,
    events,
    handover_photos,
    handovers,
    health,
    idle,
    idle_policies,
    imports,
    inbox,
    jobs,
    labels,
    listings,
    media,
    messages,
    order_lists,
    order_requests,
    orders,
    papers,
    policies,
    public_auctions,
    register,
    stand_ins,
    synonyms,
    timetable_steering,
    units,
    users,
)
from marketplace.web import search as search_page
from marketplace.web import settings as settings_page
from marketplace.web.assets_manifest import STATIC
from marketplace.web.environment import Environment
from marketplace.web.templating import init_templates

CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "img-src": ["'self'", "data:", "blob:"],
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

API_ROUTES = (api_assets, api_auctions, api_disposals, api_flags, api_jobs, api_me, api_orders)
"""Modules whose import hangs their routes on the interface's blueprint."""
PAGES = (
    *(auth.blueprint, search_page.blueprint, assets.blueprint, asset_photos.blueprint, listings.blueprint),
    *(register.blueprint, card_rows.blueprint, bulk_listing.blueprint, imports.blueprint),
    *(units.blueprint, users.blueprint, synonyms.blueprint),
    *(
        policies.blueprint,
        calendar.blueprint,
        stand_ins.blueprint,
        audit.blueprint,
        settings_page.blueprint,
        jobs.blueprint,
    ),
    *(inbox.blueprint, handovers.blueprint, handover_photos.blueprint, consents.blueprint),
    *(idle.blueprint, idle_policies.blueprint, events.blueprint, timetable_steering.blueprint),
    *(order_lists.blueprint, orders.blueprint, basket.blueprint, order_requests.blueprint),
    *(messages.blueprint, labels.blueprint, papers.blueprint, media.blueprint, health.blueprint),
    *(disposals.blueprint, auction_desk.blueprint, public_auctions.blueprint),
    *(auction_files.blueprint, auction_results.blueprint, auction_settings.blueprint),
)


class FastJson(JSONProvider):
    """orjson: times with their zone, amounts as text."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        """Text of ``obj``."""
        return orjson.dumps(obj, default=str).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        """What the text says."""
        return orjson.loads(s)


class Application(APIFlask):
    """Flask with one rule added: what a view did is committed once, after the view returned."""

    json_provider_class = FastJson
    session_interface = PageSessions()
    jinja_environment = Environment

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none is a coroutine, and looking at a dozen with every request adds up."""
        return func

    def dispatch_request(self) -> Any:
        """Run the view and make its work lasting; an exception leaves nothing behind."""
        answer = super().dispatch_request()
        context.commit()
        return answer


def create_app(
    settings: Settings,
    search: Finder,
    *,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    demo_accounts: Sequence[Mapping[str, Any]] = (),
    testing: bool = False,
) -> Application:
    """Build the application. ``clock`` gives the moment of a request and is called once in each."""
    app = Application(
        __name__,
        title="公物仓 API",
        version="1.0.0",
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        json_errors=False,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        static_url_path=STATIC,
    )
    app.url_map.converters["int"] = RowId
    app.config.update(_configuration(settings, testing))
    app.error_processor(problems.of_shape)
    app.spec_processor(document.complete)  # type: ignore[arg-type]
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    app.extensions["gwc"] = context.Services(
        settings=settings,
        sessions=make_sessions(make_engine(settings.database_url)),
        lookup=make_lookup(settings.database_url),
        finder=search,
        photos=FolderStore(settings.media_dir),
        clock=clock,
        demo_accounts=tuple(demo_accounts),
    )
    app.before_request(_name_request)
    app.after_request(_name_answer)
    app.teardown_appcontext(context.close)
    init_i18n(app)
    init_access(app)
    init_templates(app)
    init_shelf(app, settings, clock)
    CSRFProtect(app).exempt(api_blueprint)
    limiter.init_app(app)
    _add_security_headers(app, settings)
    _add_routes(app)
    init_errors(app)
    if settings.trusted_proxies:
        # Neither host nor prefix: links are made of the configured address, whatever a caller says.
        near = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=near, x_proto=near)  # type: ignore[method-assign]
    return app


def _configuration(settings: Settings, testing: bool) -> dict[str, Any]:
    return {
        "TESTING": testing,
        "SECRET_KEY": settings.secret_key,
        "MAX_CONTENT_LENGTH": SOME,
        "MAX_FORM_MEMORY_SIZE": SOME,
        "SESSION_COOKIE_NAME": "gwc_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "SEND_FILE_MAX_AGE_DEFAULT": 31_536_000,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": settings.secure_cookies,
        "RATELIMIT_ENABLED": not testing,
        "AUTO_404_RESPONSE": False,
        "SPEC_FORMAT": "json",
    }


def _add_security_headers(app: Application, settings: Settings) -> None:
    Talisman(
        app,
        force_https=False,
        strict_transport_security=settings.secure_cookies,
        session_cookie_secure=settings.secure_cookies,
        content_security_policy=CONTENT_SECURITY_POLICY,
        referrer_policy="same-origin",
    )


def _add_routes(app: Application) -> None:
    app.register_blueprint(api_blueprint)
    for blueprint in PAGES:
        app.register_blueprint(blueprint)
    for endpoint in ("static", "openapi.spec"):
        public(app.view_functions[endpoint])


def _name_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = (
        given if 0 < len(given) <= 40 and given.isascii() and given.isprintable() else uuid.uuid4().hex
    )


def _name_answer(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if context.identity() is not None:
        # Nothing of a signed-in page is left in the browser for whoever sits there next.
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response
