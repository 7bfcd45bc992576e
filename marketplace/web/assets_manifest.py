"""Addresses of the built front end: file names carry a content hash, the manifest knows them."""

from __future__ import annotations

import functools
import json

from flask import request

from marketplace.config import ROOT

STATIC = "/static"
MANIFEST = ROOT / "static" / "build" / "manifest.json"


@functools.cache
def _manifest() -> dict[str, str]:
    if not MANIFEST.exists():
        raise RuntimeError("The front end is not built: run `make install`.")
    found: dict[str, str] = json.loads(MANIFEST.read_text())
    return found


def asset_url(name: str) -> str:
    """Address of a built file, such as ``app.css``; it may be cached for ever."""
    # By hand, because a page names its icons a hundred times and the router takes its time.
    return f"{request.script_root}{STATIC}/build/{_manifest()[name]}"
