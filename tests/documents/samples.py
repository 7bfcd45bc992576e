"""Papers to print, and what a reader finds in the PDF."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pypdf import PdfReader

from marketplace.documents import pdf
from marketplace.documents.contents import (
    Content,
    Decision,
    Handover,
    Item,
    LoanAgreement,
    Party,
    Renewal,
    Signed,
    TransferSlip,
    loan_agreement,
    transfer_slip,
)
from marketplace.domain.signatures import Signature

ZONE = ZoneInfo("Asia/Shanghai")
AT = dt.datetime(2026, 9, 3, 2, 20, tzinfo=dt.UTC)
CODE = "ABCDEFGHJKLMNPQR"
ADDRESS = "https://gwc.example.gov.cn/verify"
DRAWN = Signature(600, 200, ((40, 150, 120, 30, 200, 160, 280, 40), (300, 60, 420, 150)))
SIGNED = Handover(
    Signed("张伟", AT, DRAWN), Signed("李娜", AT, Signature(typed_name="李娜")), "外观完好，缺电源线一根"
)
GIVER = Party("江州市教育局", "11330000MB1234567A", "江州市教育局")
RECEIVER = Party("江州市中心医院", "12330000470012345X", "江州市卫生健康委员会")
DECISIONS = (
    Decision("调入方单位审批人", "江州市中心医院", "王建国", "同意", AT, "门诊急需"),
    Decision("调出方单位审批人", "江州市教育局", "欧阳明", "同意", AT, principal="李主任"),
)


def item(at: int = 0, **values: Any) -> Item:
    """A line of two chairs or so."""
    usual: dict[str, Any] = {
        "number": f"JY-{at:06d}",
        "name": "会议椅",
        "specification": "ZH-200",
        "quantity": 2,
        "measure": "把",
        "original_value": Decimal("12800.50"),
        "depreciation": Decimal("800.50"),
        "net_value": Decimal("12000.00"),
    }
    return Item(**usual | values)


def slip(*items: Item, **values: Any) -> Content:
    """A signed 调拨单, unless said otherwise."""
    usual: dict[str, Any] = {
        "number": "DB2026090012",
        "date": dt.date(2026, 9, 3),
        "giver": GIVER,
        "receiver": RECEIVER,
        "items": items or (item(),),
        "reason": "新建门诊楼投入使用",
        "decisions": DECISIONS,
        "handover": SIGNED,
    }
    return transfer_slip(TransferSlip(**usual | values), ZONE)


def loan(**values: Any) -> Content:
    """A 借用协议 in force, unless said otherwise."""
    usual: dict[str, Any] = {
        "number": "JY2026090003",
        "date": dt.date(2026, 9, 3),
        "owner": GIVER,
        "borrower": RECEIVER,
        "items": (item(),),
        "reason": "运动会赛事保障",
        "starts_on": dt.date(2026, 9, 10),
        "ends_on": dt.date(2026, 10, 9),
        "renewals": (Renewal("JY2026100001", dt.date(2026, 11, 8)),),
        "decisions": DECISIONS,
        "handover": SIGNED,
    }
    return loan_agreement(LoanAgreement(**usual | values), ZONE)


def printed(content: Content) -> PdfReader:
    """The paper as a reader opens it."""
    return PdfReader(io.BytesIO(pdf.paper(content, AT, CODE, ADDRESS)))


def text_of(reader: PdfReader) -> str:
    """All that can be read, without the breaks of lines."""
    return "".join(page.extract_text() for page in reader.pages).replace("\n", "")
