"""The printed papers, read back from the PDF."""

from __future__ import annotations

import dataclasses
import json
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from marketplace.documents import pdf
from marketplace.documents.contents import Decision, Handover, Party, Signed, printable
from marketplace.domain.papers import digest_of, short_digest
from marketplace.domain.signatures import Signature
from tests.documents.samples import (
    ADDRESS,
    AT,
    CODE,
    DRAWN,
    SIGNED,
    item,
    loan,
    printed,
    slip,
    text_of,
)

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_transfer_slip_says_who_gives_what_to_whom() -> None:
    content = slip()
    reader = printed(content)
    text = text_of(reader)
    for said in (
        *("行政事业单位国有资产调拨单", "DB2026090012", "2026 年 9 月 3 日", "新建门诊楼投入使用"),
        *(
            "江州市教育局",
            "11330000MB1234567A",
            "江州市中心医院",
            "12330000470012345X",
            "江州市卫生健康委员会",
        ),
        *("JY-000000", "会议椅", "ZH-200", "2 把", "12,800.50", "800.50", "12,000.00"),
        "人民币壹万贰仟捌佰元伍角整",
        *("调入方单位审批人", "王建国", "同意：门诊急需", "欧阳明", "代李主任", "2026-09-03 10:20"),
        *("张伟", "李娜", "缺电源线一根", "双方已签收", "《行政事业性国有资产管理条例》", "第十一条"),
        *("ABCD-EFGH-JKLM-NPQR", ADDRESS, short_digest(digest_of(content)), "第 1 页　共 1 页"),
    ):
        assert said in text, said
    assert reader.metadata is not None
    assert reader.metadata.title == "国有资产调拨单 DB2026090012"


def test_a_loan_agreement_says_until_when_and_on_what_terms() -> None:
    text = text_of(printed(loan(returned=SIGNED)))
    for said in (
        *("行政事业单位国有资产借用协议", "JY2026090003", "甲方（出借单位）", "乙方（借用单位）"),
        *("自2026 年 9 月 10 日起至2026 年 10 月 9 日止", "首尾两日均计入，共30 天"),
        *("维修费用", "不得转借", "逾期未还", "JY2026100001", "2026 年 11 月 8 日"),
        *("乙方归还人", "资产已归还", "ABCD-EFGH-JKLM-NPQR"),
    ):
        assert said.replace(" ", "") in text.replace(" ", ""), said


@pytest.mark.parametrize("handover", [Handover(), dataclasses.replace(SIGNED, receiver=None)])
def test_without_both_signatures_nothing_is_final(handover: Handover) -> None:
    text = text_of(printed(slip(handover=handover)))
    assert "尚未生效" in text
    assert "双方已签收" not in text
    assert "尚未生效" in text_of(printed(loan(handover=handover)))


def test_signatures_are_drawn_as_lines() -> None:
    signed, unsigned = (printed(slip(handover=one)) for one in (SIGNED, Handover()))
    # Two points of the first stroke lie between others; the second stroke is straight.
    assert drawn_curves(signed) == drawn_curves(unsigned) + 2


def drawn_curves(reader: PdfReader) -> int:
    """Curves in all the drawings of a file; codes and tables have none."""
    streams = [
        one.get_object().get_data()
        for page in reader.pages
        for one in page.get("/Resources", {}).get("/XObject", {}).values()
    ]
    contents = [page.get_contents() for page in reader.pages]
    streams += [content.get_data() for content in contents if content is not None]
    return sum(len(re.findall(rb"\s[cvy]\s", stream)) for stream in streams)


def test_a_long_list_goes_over_pages_with_its_head_on_each() -> None:
    reader = printed(slip(*(item(at, name="办公桌（带三抽屉活动柜、升降台面）") for at in range(60))))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) >= 3
    text = "".join(pages)
    assert all(f"JY-{at:06d}" in text for at in range(60))
    assert all("账面原值（元）" in page for page in pages if "JY-0000" in page)
    for number, page in enumerate(pages, 1):
        assert f"第 {number} 页　共 {len(pages)} 页" in page
    assert "768,030.00" in text  # 60 lines of 12,800.50
    assert "双方已签收" in pages[-1]
    assert "ABCD-EFGH-JKLM-NPQR" in pages[-1]


def test_the_same_paper_is_the_same_file() -> None:
    assert pdf.paper(slip(), AT, CODE, ADDRESS) == pdf.paper(slip(), AT, CODE, ADDRESS)


def test_content_is_plain_json() -> None:
    for content in (slip(), loan(returned=SIGNED)):
        assert json.loads(json.dumps(content)) == content


@few
@given(st.text(max_size=300))
def test_any_text_prints(text: str) -> None:
    signer = Signed(text[:60], AT, Signature(typed_name=text[:60]))
    content = slip(
        item(number=text[:64], name=text[:200], specification=text, measure=text[:20]),
        reason=text,
        giver=Party(text[:120], text[:18], text[:120]),
        decisions=(Decision(text[:60], text[:120], text[:60], "同意", AT, text, text[:60]),),
        handover=Handover(signer, Signed(text[:60], AT, DRAWN), text),
    )
    assert "双方已签收" in text_of(printed(content))


MARKUP = [
    '#panic("x")',
    "$ x^2 $",
    "*粗* _斜_ `码`",
    "= 标题",
    "@ref <label>",
    "\\ // /* */ ~ --",
    "#[] #let x = 1",
    '"); #eval("1")',
    "https://example.org/x",
    "- 列表",
]


@pytest.mark.parametrize("text", MARKUP)
def test_no_text_is_read_as_markup(text: str) -> None:
    read = text_of(printed(slip(item(name=text), reason=text))).replace(" ", "")
    assert read.count(text.replace(" ", "")) >= 2


def test_text_prints_in_the_direction_in_which_it_is_read() -> None:
    assert printable("办公\u202e桌\u2066\u200b\x00") == "办公桌"


@pytest.mark.parametrize("length", [12, 18, 64, 200])
def test_long_numbers_stay_in_their_cells(length: int) -> None:
    number = ("ZC0123456789ABCDEF" * 12)[:length]
    page = printed(slip(item(number=number, original_value=Decimal("99999999999999.99")))).pages[0]
    places: list[tuple[float, str]] = []
    page.extract_text(visitor_text=lambda text, _cm, at, _font, _size: places.append((at[4], text)))
    assert number in "".join(text for _x, text in places).replace("\n", "").replace(" ", "")
    assert max(x for x, text in places if text.strip()) < page.mediabox.width - 40
