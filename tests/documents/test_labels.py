"""Labels: where they lie, and what they say."""

from __future__ import annotations

import io
import math
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from marketplace.documents.codes import qr_svg
from marketplace.documents.labels import MAX_SHIFT, SHEETS, Label, Layout, check_layout, labels_pdf, place
from marketplace.domain.errors import Invalid
from tests.documents.samples import AT

MM = 72 / 25.4
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def label(at: int = 0, **values: str) -> Label:
    usual = {
        "number": f"JY-{at:06d}",
        "name": "会议椅",
        "unit": "江州市教育局",
        "model": "ZH-200",
        "address": f"https://gwc.example.gov.cn/a/{at}",
    }
    return Label(**usual | values)


def pages(labels: list[Label], layout: Layout) -> PdfReader:
    return PdfReader(io.BytesIO(labels_pdf(labels, layout, AT)))


@pytest.mark.parametrize("code", SHEETS)
def test_every_label_of_a_sheet_lies_on_its_paper_and_on_no_other(code: str) -> None:
    sheet = SHEETS[code]
    places = [place(at, Layout(code)) for at in range(sheet.count)]
    assert {one.page for one in places} == {0}
    corners = sorted((one.y, one.x) for one in places)
    assert [(one.y, one.x) for one in places] == corners
    for y, x in corners:
        assert 0 <= x <= sheet.page_width - sheet.width + 1e-9
        assert 0 <= y <= sheet.page_height - sheet.height + 1e-9
    for (y, x), (other_y, other_x) in pairwise(corners):
        assert other_y >= y + sheet.height - 1e-9 or other_x >= x + sheet.width - 1e-9
    assert place(sheet.count, Layout(code)).page == 1


@pytest.mark.parametrize("code", [code for code, sheet in SHEETS.items() if sheet.count > 1])
def test_margins_are_the_same_on_both_sides(code: str) -> None:
    sheet = SHEETS[code]
    right = sheet.page_width - sheet.left - sheet.columns * sheet.width - (sheet.columns - 1) * sheet.gap
    bottom = sheet.page_height - sheet.top - sheet.rows * sheet.height
    assert right == pytest.approx(sheet.left, abs=0.3)
    assert bottom == pytest.approx(sheet.top, abs=0.3)


def test_a_sheet_begun_before_is_gone_on_with() -> None:
    layout = Layout("70x37", first=24)
    assert (place(0, layout).page, place(1, layout).page) == (0, 1)
    assert (place(0, layout).x, place(0, layout).y) == (140, 0.5 + 7 * 37)


@given(
    st.sampled_from(list(SHEETS)),
    st.floats(-MAX_SHIFT, MAX_SHIFT),
    st.floats(-MAX_SHIFT, MAX_SHIFT),
    st.data(),
)
def test_all_labels_are_shifted_alike(code: str, right: float, down: float, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, 499))
    here, moved = place(at, Layout(code)), place(at, Layout(code, shift_x=right, shift_y=down))
    assert moved.page == here.page
    assert moved.x - here.x == pytest.approx(right)
    assert moved.y - here.y == pytest.approx(down)


@pytest.mark.parametrize("code", SHEETS)
def test_sheets_have_the_size_of_the_paper(code: str) -> None:
    sheet = SHEETS[code]
    reader = pages([label(at) for at in range(sheet.count + 1)], Layout(code))
    assert len(reader.pages) == 2
    box = reader.pages[0].mediabox
    assert (float(box.width) / MM, float(box.height) / MM) == pytest.approx(
        (sheet.page_width, sheet.page_height), abs=0.01
    )
    text = reader.pages[0].extract_text()
    assert all(said in text for said in ("JY-000000", "会议椅", "江州市教育局", "ZH-200"))
    assert f"JY-{sheet.count:06d}" in reader.pages[1].extract_text()


def test_print_lands_where_the_label_lies() -> None:
    here, moved = (text_places(Layout("70x37", shift_x=x, shift_y=y)) for x, y in ((0, 0), (3, 2)))
    for name, (x, y) in here.items():
        assert moved[name][0] - x == pytest.approx(3 * MM, abs=0.1)
        assert y - moved[name][1] == pytest.approx(2 * MM, abs=0.1)
    x, y = here["JY-000004"]  # second row, second column, to the right of its code
    assert 70 * MM < x < 140 * MM
    assert 297 * MM - (0.5 + 74) * MM < y < 297 * MM - (0.5 + 37) * MM


def text_places(layout: Layout) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}

    def note(text: str, cm: list[float], tm: list[float], *_rest: object) -> None:
        if text.strip().startswith("JY-"):
            found[text.strip()] = (cm[0] * tm[4] + cm[4], cm[3] * tm[5] + cm[5])

    pages([label(at) for at in range(6)], layout).pages[0].extract_text(visitor_text=note)
    return found


@few
@given(st.text(max_size=200), st.sampled_from(list(SHEETS)))
def test_any_text_prints_on_one_label(text: str, code: str) -> None:
    one = label(number=text[:64] or "x", name=text, unit=text[:120], model=text)
    assert len(pages([one], Layout(code)).pages) == 1


@pytest.mark.parametrize("code", SHEETS)
def test_a_number_is_never_cut(code: str) -> None:
    number = ("ZC0123456789ABCDEF" * 4)[:64]
    text = pages(
        [label(number=number, name="很长的名称" * 40, unit="单位" * 60, model="型号" * 100)], Layout(code)
    )
    assert number in text.pages[0].extract_text().replace("\n", "")


@pytest.mark.parametrize(
    ("layout", "field"),
    [
        (Layout("letter"), "sheet"),
        (Layout("70x37", first=0), "first"),
        (Layout("70x37", first=25), "first"),
        (Layout("60x40", first=2), "first"),
        (Layout(shift_x=MAX_SHIFT + 1), "shift_x"),
        (Layout(shift_y=math.nan), "shift_y"),
        (Layout(shift_y=-math.inf), "shift_y"),
    ],
)
def test_what_can_not_be_printed_is_refused(layout: Layout, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_layout(layout)
    assert [one.field for one in refused.value.fields] == [field]


def test_codes_are_drawings_without_a_size() -> None:
    drawing = qr_svg("https://gwc.example.gov.cn/a/1")
    assert drawing.startswith("<svg ")
    assert "width=" not in drawing
    assert "<script" not in qr_svg("<script>")
