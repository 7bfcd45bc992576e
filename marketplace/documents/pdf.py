"""Setting papers as PDF with Typst: a template of ours, data as JSON, bytes out.

A paper is a pure function of its content, code and address: the same again gives the same bytes, so
none are kept.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import typst

from marketplace.config import ROOT
from marketplace.documents.codes import qr_svg
from marketplace.documents.contents import Content
from marketplace.domain.papers import PaperKind, digest_of, grouped, short_digest

TEMPLATES = Path(__file__).parent
_FONTS = ROOT / "node_modules" / "@expo-google-fonts"
_FACES = (
    "noto-serif-sc/400Regular",
    "noto-serif-sc/700Bold",
    "noto-sans-sc/400Regular",
    "noto-sans-sc/700Bold",
)


def paper(content: Content, issued_at: dt.datetime, code: str, address: str) -> bytes:
    """A paper as PDF. ``address`` is the verification page; the QR code leads to it with the code."""
    return set_pdf(
        PaperKind(content["kind"]).value,
        content,
        issued_at,
        {
            "code": grouped(code),
            "address": address,
            "digest": short_digest(digest_of(content)),
            "qr": qr_svg(f"{address.rstrip('/')}/{code}", border=0),
        },
    )


def set_pdf(template: str, data: object, at: dt.datetime, more: Mapping[str, str] | None = None) -> bytes:
    """Set a template of this package; ``at`` is what the file says of its making."""
    inputs = {"data": json.dumps(data, ensure_ascii=False), **(more or {})}
    setter = typst.Compiler(
        TEMPLATES / f"{template}.typ", root=TEMPLATES, font_paths=_fonts(), sys_inputs=inputs
    )
    return cast(bytes, setter.compile(format="pdf", timestamp=int(at.timestamp())))


@functools.cache
def _fonts() -> typst.Fonts:
    """Our faces first; those of the system for characters that ours lack. Looked for once in a process."""
    folders = [_FONTS / face for face in _FACES if (_FONTS / face).is_dir()]
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=False, font_paths=folders)
