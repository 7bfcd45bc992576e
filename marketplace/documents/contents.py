"""What printed papers say: data in, plain JSON out. The JSON is the record of what was printed."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from marketplace.domain.money import capitals
from marketplace.domain.papers import PaperKind
from marketplace.domain.signatures import Signature, svg
from marketplace.domain.text import N_, clean

Content = dict[str, Any]
"""Strings, whole numbers, lists and dicts only: days and times in ISO form, amounts as decimal text."""


@dataclass(frozen=True, slots=True)
class Party:
    """A unit that gives or gets."""

    name: str
    credit_code: str
    """统一社会信用代码; "" where it isn't known."""
    department: str = ""
    """The supervising department (主管部门)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of things; values are for the whole quantity, in yuan."""

    number: str
    name: str
    specification: str
    quantity: int
    measure: str
    original_value: Decimal
    depreciation: Decimal
    net_value: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """One approval step that was decided."""

    step: str
    """What the step is called, such as 单位审批人."""
    unit: str
    name: str
    verdict: str
    """In words: 同意."""
    at: dt.datetime
    comment: str = ""
    principal: str = ""
    """For whom the approver stood in."""


@dataclass(frozen=True, slots=True)
class Signed:
    """One side's signature."""

    name: str
    at: dt.datetime
    signature: Signature


@dataclass(frozen=True, slots=True)
class Handover:
    """The signatures under things changing hands: complete with both."""

    giver: Signed | None = None
    receiver: Signed | None = None
    condition: str = ""
    """How the things were found, in words."""

    @property
    def complete(self) -> bool:
        """Whether both sides have signed."""
        return self.giver is not None and self.receiver is not None


@dataclass(frozen=True, slots=True)
class Renewal:
    """A prolongation that was approved."""

    number: str
    ends_on: dt.date


@dataclass(frozen=True, slots=True)
class TransferSlip:
    """调拨单. It is final once both sides have signed."""

    number: str
    date: dt.date
    giver: Party
    receiver: Party
    items: Sequence[Item]
    reason: str
    decisions: Sequence[Decision] = ()
    handover: Handover = field(default_factory=Handover)


@dataclass(frozen=True, slots=True)
class LoanAgreement:
    """借用协议. It takes effect with the hand-over and ends with the return."""

    number: str
    date: dt.date
    owner: Party
    borrower: Party
    items: Sequence[Item]
    reason: str
    starts_on: dt.date
    ends_on: dt.date
    """The last day of the loan as first agreed; it belongs to it."""
    renewals: Sequence[Renewal] = ()
    decisions: Sequence[Decision] = ()
    handover: Handover = field(default_factory=Handover)
    returned: Handover = field(default_factory=Handover)


def transfer_slip(slip: TransferSlip, zone: dt.tzinfo) -> Content:
    """The content of a 调拨单; times are written as clocks in ``zone`` show them."""
    return {
        **_common(PaperKind.TRANSFER_SLIP, slip, zone),
        "parties": [party_said(N_("调出单位"), slip.giver), party_said(N_("调入单位"), slip.receiver)],
    }


def loan_agreement(loan: LoanAgreement, zone: dt.tzinfo) -> Content:
    """The content of a 借用协议; times are written as clocks in ``zone`` show them."""
    return {
        **_common(PaperKind.LOAN_AGREEMENT, loan, zone),
        "parties": [
            party_said(N_("甲方（出借单位）"), loan.owner),
            party_said(N_("乙方（借用单位）"), loan.borrower),
        ],
        "starts_on": loan.starts_on.isoformat(),
        "ends_on": loan.ends_on.isoformat(),
        "days": (loan.ends_on - loan.starts_on).days + 1,
        "renewals": [
            {"number": printable(one.number), "ends_on": one.ends_on.isoformat()} for one in loan.renewals
        ],
        "returned": _handover(loan.returned, zone),
        "ended": loan.returned.complete,
    }


def printable(text: str) -> str:
    """Text that prints as it is read: without characters that turn the direction of what follows."""
    return "".join(c for c in clean(text) if unicodedata.category(c) != "Cf")


def _common(kind: PaperKind, paper: TransferSlip | LoanAgreement, zone: dt.tzinfo) -> Content:
    return {
        "kind": kind.value,
        "number": printable(paper.number),
        "date": paper.date.isoformat(),
        "reason": printable(paper.reason),
        "items": [_item(item) for item in paper.items],
        "totals": _totals(paper.items),
        "decisions": [_decision(decision, zone) for decision in paper.decisions],
        "handover": _handover(paper.handover, zone),
        "signed": paper.handover.complete,
    }


def party_said(role: str, party: Party) -> Content:
    """A party as a paper names it."""
    return {
        "role": role,
        "name": printable(party.name),
        "credit_code": printable(party.credit_code),
        "department": printable(party.department),
    }


def _item(item: Item) -> Content:
    return {
        "number": printable(item.number),
        "name": printable(item.name),
        "specification": printable(item.specification),
        "quantity": item.quantity,
        "measure": printable(item.measure),
        "original_value": amount_said(item.original_value),
        "depreciation": amount_said(item.depreciation),
        "net_value": amount_said(item.net_value),
    }


def _totals(items: Sequence[Item]) -> Content:
    original = sum((item.original_value for item in items), Decimal(0))
    return {
        "original_value": amount_said(original),
        "depreciation": amount_said(sum((item.depreciation for item in items), Decimal(0))),
        "net_value": amount_said(sum((item.net_value for item in items), Decimal(0))),
        "in_capitals": capitals(original),
    }


def _decision(decision: Decision, zone: dt.tzinfo) -> Content:
    return {
        "step": printable(decision.step),
        "unit": printable(decision.unit),
        "name": printable(decision.name),
        "principal": printable(decision.principal),
        "verdict": printable(decision.verdict),
        "comment": printable(decision.comment),
        "at": _minute(decision.at, zone),
    }


def _handover(handover: Handover, zone: dt.tzinfo) -> Content:
    return {
        "giver": _signed(handover.giver, zone),
        "receiver": _signed(handover.receiver, zone),
        "condition": printable(handover.condition),
    }


def _signed(signed: Signed | None, zone: dt.tzinfo) -> Content | None:
    if signed is None:
        return None
    return {
        "name": printable(signed.name),
        "at": _minute(signed.at, zone),
        "drawing": svg(signed.signature) if signed.signature.strokes else "",
        "typed_name": printable(signed.signature.typed_name),
    }


def amount_said(value: Decimal) -> str:
    """An amount in yuan, as text."""
    return f"{value:.2f}"


def _minute(moment: dt.datetime, zone: dt.tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
