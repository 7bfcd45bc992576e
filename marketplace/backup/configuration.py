"""The part of the configuration that has to be the same where a backup is restored."""

from __future__ import annotations

import json
from pathlib import Path

from marketplace.backup.manifest import SETTINGS
from marketplace.config import Settings

KEY = "SECRET_KEY"
"""Sessions and the codes on printed papers depend on it; the restore puts it into its place."""


def write(settings: Settings, folder: Path) -> None:
    """Keep the configuration in a backup, by the names of its variables."""
    values = _told(settings) | {KEY: settings.secret_key}
    (folder / SETTINGS).write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def secret_key(folder: Path) -> str:
    """The secret key of the installation that was saved."""
    return str(_read(folder)[KEY])


def differences(settings: Settings, folder: Path) -> dict[str, str]:
    """What was configured otherwise when the backup was made: variables that the operator should set."""
    saved, here = _read(folder), _told(settings)
    return {name: saved[name] for name, value in here.items() if saved.get(name, value) != value}


def _told(settings: Settings) -> dict[str, str]:
    return {
        "PUBLIC_URL": settings.public_url,
        "GWC_TIME_ZONE": settings.time_zone,
        "MAIL_FROM": settings.mail_from,
    }


def _read(folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    return found
