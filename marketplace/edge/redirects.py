"""Where to go on after something was done."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from flask import url_for


def local_target(target: str) -> str:
    """``target`` if it is an address of this site, else the start page: no open redirect."""
    parts = parts_of(target.replace("\\", "/"))
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("//"):
        return url_for("auth.home")
    return parts.path + (f"?{parts.query}" if parts.query else "")


def parts_of(address: str) -> SplitResult:
    """The parts of what somebody says is an address; empty ones where it is none, such as ``http://[``."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
