"""Asset labels (one code per item, 一物一码): where each one lies on its sheet, and the sheets as PDF."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from marketplace.documents.codes import qr_svg
from marketplace.documents.contents import printable
from marketplace.documents.pdf import set_pdf
from marketplace.domain.errors import invalid_field
from marketplace.domain.text import N_

MOST = 500
"""Labels in one file."""
COLUMN_GAP = 2.2
"""Between the code and the text, in mm."""
POINTS = 72 / 25.4
"""Points in a millimetre."""
MAX_SHIFT = 20.0
"""How far print can be moved, in mm either way."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paper with labels on it. Lengths are in mm."""

    title: str
    page_width: float
    page_height: float
    columns: int
    rows: int
    width: float
    height: float
    left: float = 0
    top: float = 0
    """Where the first label begins."""
    gap: float = 0
    """Between columns; rows touch."""

    @property
    def count(self) -> int:
        """Labels on one sheet."""
        return self.columns * self.rows

    @property
    def edge(self) -> float:
        """What stays free around a label: printers can't reach the edge, and sheets are cut inexactly."""
        return min(3.2, self.height * 0.09)

    @property
    def code(self) -> float:
        """The side of the QR code."""
        return min(self.height - 2 * self.edge, self.width * 0.36)

    @property
    def text_width(self) -> float:
        """The room beside the code, in points."""
        return (self.width - self.code - 2 * self.edge - COLUMN_GAP) * POINTS


SHEETS = {
    "70x37": Sheet(N_("A4，24张（3列8行，70×37毫米）"), 210, 297, 3, 8, 70, 37, top=0.5),
    "63x38": Sheet(N_("A4，21张（3列7行，63.5×38.1毫米）"), 210, 297, 3, 7, 63.5, 38.1, 7.2, 15.15, 2.55),
    "99x38": Sheet(N_("A4，14张（2列7行，99.1×38.1毫米）"), 210, 297, 2, 7, 99.1, 38.1, 4.65, 15.15, 2.5),
    "48x25": Sheet(N_("A4，40张（4列10行，48.5×25.4毫米）"), 210, 297, 4, 10, 48.5, 25.4, 8, 21.5),
    "60x40": Sheet(N_("标签打印机，单张60×40毫米"), 60, 40, 1, 1, 60, 40),
    "50x30": Sheet(N_("标签打印机，单张50×30毫米"), 50, 30, 1, 1, 50, 30),
}
"""Sizes that are sold everywhere; the first one is offered first."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How labels are to be printed."""

    sheet: str = "70x37"
    first: int = 1
    """The first place that is still free on the sheet, counted along its rows."""
    shift_x: float = 0
    shift_y: float = 0
    """What this printer needs to meet the labels, in mm to the right and down."""
    outlines: bool = False
    """Print the edges of labels, to try it out on plain paper."""


@dataclass(frozen=True, slots=True)
class Label:
    """One asset's label; ``address`` is what its QR code says."""

    number: str
    name: str
    unit: str
    model: str
    address: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label lies: its page from 0, its upper left corner in mm."""

    page: int
    x: float
    y: float


def check_layout(layout: Layout) -> None:
    """Refuse what can't be printed.

    Raises:
        Invalid: no such sheet, no such place on it, or print moved off the paper.
    """
    if layout.sheet not in SHEETS:
        raise invalid_field("sheet", N_("请选择标签纸规格。"))
    count = SHEETS[layout.sheet].count
    if not 1 <= layout.first <= count:
        raise invalid_field("first", N_("这种标签纸每页有%(count)d张，请填1到%(count)d。"), count=count)
    for name in ("shift_x", "shift_y"):
        if not abs(getattr(layout, name)) <= MAX_SHIFT:
            raise invalid_field(name, N_("偏移请填-%(most)d到%(most)d毫米。"), most=int(MAX_SHIFT))


def place(at: int, layout: Layout) -> Place:
    """Where the label with index ``at`` lies; places before ``layout.first`` stay free."""
    sheet = SHEETS[layout.sheet]
    page, spot = divmod(layout.first - 1 + at, sheet.count)
    row, column = divmod(spot, sheet.columns)
    return Place(
        page,
        sheet.left + column * (sheet.width + sheet.gap) + layout.shift_x,
        sheet.top + row * sheet.height + layout.shift_y,
    )


def labels_pdf(labels: Sequence[Label], layout: Layout, now: dt.datetime) -> bytes:
    """The sheets as PDF, to be printed at 100% ("actual size")."""
    sheet = SHEETS[layout.sheet]
    data = {
        "page": [sheet.page_width, sheet.page_height],
        "size": [sheet.width, sheet.height],
        "edge": sheet.edge,
        "code": sheet.code,
        "gap": COLUMN_GAP,
        "outlines": layout.outlines,
        "labels": [_drawn(label, place(at, layout), sheet) for at, label in enumerate(labels)],
    }
    return set_pdf("labels", data, now)


def _drawn(label: Label, where: Place, sheet: Sheet) -> dict[str, object]:
    scale = min(sheet.height / 37, sheet.width / 62)
    return {
        "page": where.page,
        "x": where.x,
        "y": where.y,
        "qr": qr_svg(label.address, border=0),
        "lines": [
            _cut(label.unit, 6.4 * scale, 2, sheet),
            {**_cut(label.name, 10 * scale, 2, sheet), "bold": True},
            _cut(label.model, 7 * scale, 1, sheet),
            {**_shrunk(label.number, 7.6 * scale, 2, sheet), "bold": True},
        ],
    }


def _cut(text: str, size: float, lines: int, sheet: Sheet) -> dict[str, object]:
    """Text in points of ``size``, cut where it would need more lines: the code leads to all of it."""
    text = " ".join(printable(text).split())
    room = lines * sheet.text_width / size - 2.2
    widths = accumulate(map(_ems, text))
    fitting = sum(1 for width in widths if width <= room)
    return {"text": text if fitting == len(text) else f"{text[:fitting]}…", "size": size}


def _shrunk(text: str, size: float, lines: int, sheet: Sheet) -> dict[str, object]:
    """Text that is never cut: a long one is set smaller."""
    text = " ".join(printable(text).split())
    needed = sum(map(_ems, text)) or 1
    return {"text": text, "size": min(size, lines * 0.95 * sheet.text_width / needed)}


def _ems(character: str) -> float:
    """About how wide a character is, in sizes of its type."""
    return 1 if unicodedata.east_asian_width(character) in "WFA" else 0.62
