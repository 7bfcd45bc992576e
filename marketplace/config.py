"""Settings, read once from the environment.

Everything that differs between a laptop and production is a field here; nothing else in the
code base reads environment variables.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: templates, static files and node packages are found below it."""


DEFAULT_SENDER = "gongwucang@localhost"
SMTP_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in: ``SMTP_URL``, taken apart."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    """Encrypted from the first byte (``smtps://``)."""
    starttls: bool = False
    """Encrypted before anything is said; a server that can't is not used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the processes of one installation share.

    ``database_url`` and ``meili_url`` are empty while the embedded engines have not been started;
    :func:`marketplace.engines.embedded.engines` fills them in.
    """

    home: Path
    """Everything made at run time lies below this folder (``GWC_HOME``, default ``var/``)."""
    database_url: str = ""
    meili_url: str = ""
    """Where Meilisearch is; several addresses, with commas or blanks between, are as many search nodes."""
    meili_key: str = field(default="", repr=False)
    index_name: str = "assets"
    """Name of the search index, so that several installations can share one Meilisearch."""
    secret_key: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    """Address that the web server listens on."""
    port: int = 8000
    workers: int = 2
    secure_cookies: bool = False
    """Set where the site is reached by https: cookies are then never sent in the clear."""
    trusted_proxies: int = 0
    """Proxies in a row before the web server, who are believed about the caller's address."""
    time_zone: str = "Asia/Shanghai"
    public_url: str = "http://127.0.0.1:8000"
    """Where users reach this site; links in mails begin with it."""
    mail_server: MailServer | None = None
    """None: mails are written to :attr:`mail_dir`."""
    mail_from: str = DEFAULT_SENDER
    """Who mails are from: an address, or a name and an address."""

    @property
    def media_dir(self) -> Path:
        """Photos, by content hash."""
        return self.home / "media"

    @property
    def upload_dir(self) -> Path:
        """Register files waiting to be imported."""
        return self.home / "uploads"

    @property
    def mail_dir(self) -> Path:
        """Outgoing mail of installations without SMTP."""
        return self.home / "mail"

    @property
    def run_dir(self) -> Path:
        """Sockets, locks and addresses of the running engines."""
        return self.home / "run"

    @property
    def meili_urls(self) -> tuple[str, ...]:
        """The addresses of all search nodes."""
        return tuple(url.rstrip("/") for url in re.split(r"[,\s]+", self.meili_url) if url)

    @property
    def external_engines(self) -> bool:
        """True when the operator supplies both engines and nothing is to be started here."""
        return bool(self.database_url and self.meili_url)

    def with_engines(self, database_url: str, meili_url: str, meili_key: str) -> Settings:
        """The same settings, pointing at running engines."""
        return replace(self, database_url=database_url, meili_url=meili_url, meili_key=meili_key)


def sqlalchemy_url(url: str) -> str:
    """Name the psycopg 3 driver in a plain ``postgresql://`` address.

    Several servers may be named as libpq has it, ``//user@one:5432,two:5432/name``; the same is then said in
    a way that SQLAlchemy and libpq both read.
    """
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return _one_authority("postgresql+psycopg://" + url.removeprefix(prefix))
    return _one_authority(url)


def _one_authority(url: str) -> str:
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    login, at, hosts = authority.rpartition("@")
    if "," not in hosts:
        return url
    named = [host.partition(":") for host in hosts.split(",")]
    several = f"host={','.join(host for host, _, _ in named)}&port={','.join(port for *_, port in named)}"
    name, _, query = path.partition("?")
    return f"{scheme}://{login}{at}/{name}?{several}" + (f"&{query}" if query else "")


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Build settings from the documented variables.

    ``SECRET_KEY`` is made once and kept in the home folder when it is not given, so that sessions
    survive a restart and no installation shares a default key.

    Raises:
        ValueError: ``PORT``, ``WORKERS`` or ``TRUSTED_PROXIES`` is not a whole number, or ``SMTP_URL`` is no
            mail server's.
    """
    home = Path(environ.get("GWC_HOME") or ROOT / "var").resolve()
    home.mkdir(parents=True, exist_ok=True)
    port = int(environ.get("PORT", "8000"))
    return Settings(
        home=home,
        database_url=sqlalchemy_url(environ.get("DATABASE_URL", "")),
        meili_url=environ.get("MEILI_URL", "").strip().rstrip("/"),
        meili_key=environ.get("MEILI_KEY", ""),
        index_name=environ.get("MEILI_INDEX", "assets"),
        secret_key=environ.get("SECRET_KEY") or _kept_secret(home / "secret_key"),
        host=environ.get("LISTEN") or "127.0.0.1",
        port=port,
        workers=int(environ.get("WORKERS", "2")),
        secure_cookies=environ.get("SECURE_COOKIES", "") in {"1", "true", "yes"},
        trusted_proxies=int(environ.get("TRUSTED_PROXIES") or 0),
        time_zone=environ.get("GWC_TIME_ZONE", "Asia/Shanghai"),
        public_url=environ.get("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/"),
        mail_server=mail_server(environ),
        mail_from=environ.get("MAIL_FROM") or DEFAULT_SENDER,
    )


def mail_server(environ: Mapping[str, str]) -> MailServer | None:
    """The server of ``SMTP_URL``: ``smtp://user:password@host:587?starttls=1``, ``smtps://…``.

    User and password are percent-encoded. Without the variable there is none, and mail goes to files.

    Raises:
        ValueError: it is no such address, or ``MAIL_FROM`` doesn't say who the mails are from.
    """
    if not environ.get("SMTP_URL"):
        return None
    parts = urlsplit(environ["SMTP_URL"])
    if parts.scheme not in SMTP_PORTS or not parts.hostname:
        # Without repeating it: it may hold a password.
        raise ValueError("SMTP_URL should read smtp://host:port or smtps://host:port")
    if not environ.get("MAIL_FROM"):
        raise ValueError("SMTP_URL needs MAIL_FROM, the address that mails are from")
    return MailServer(
        host=parts.hostname,
        port=parts.port or SMTP_PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        starttls=parse_qs(parts.query).get("starttls") == ["1"],
    )


def keep_secret(home: Path, secret: str) -> None:
    """Put the secret of a restored installation in the place of the one that was made for the new home."""
    draft = home / f"secret_key.{secrets.token_hex(8)}"
    _write_private(draft, secret)
    draft.replace(home / "secret_key")


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _kept_secret(path: Path) -> str:
    """Read the secret at ``path``, making it first when absent; only its owner may read it.

    It is written aside and linked into place, so two processes starting together, be it on two machines that
    share the folder, agree on one.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        _write_private(draft, secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
