"""QR codes as vector drawings."""

from __future__ import annotations

import io

import segno

QUIET_ZONE = 4
"""Modules of white around a code that scanners need (GB/T 18284-2000)."""


def qr_svg(text: str, *, border: int = QUIET_ZONE) -> str:
    """A QR code of ``text`` as SVG without a size of its own: it fills whatever it is put into.

    At least 15% of it may be dirty or torn (level M); more where that makes the code no larger.
    """
    drawing = io.BytesIO()
    segno.make_qr(text, error="m").save(
        drawing,
        kind="svg",
        border=border,
        omitsize=True,
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        nl=False,
    )
    return drawing.getvalue().decode()
