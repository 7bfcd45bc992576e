"""What a unit's record must say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from marketplace.domain import credit_code
from marketplace.domain.errors import FieldError, Invalid
from marketplace.domain.text import N_, clean

KINDS = ("department", "unit", "sub_unit")
KIND_NAMES = {
    "region": N_("地区"),
    "department": N_("主管部门"),
    "unit": N_("单位"),
    "sub_unit": N_("下属单位"),
}
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit as it was typed or imported, read and checked."""

    code: str
    name: str
    kind: str
    parent_code: str
    credit_code: str = ""
    short_name: str = ""
    address: str = ""
    headcount: int | None = None
    latitude: float | None = None
    longitude: float | None = None

    def as_record(self) -> dict[str, object]:
        """As the audit trail keeps it."""
        return asdict(self)


def read_unit(raw: Mapping[str, object], *, is_region: bool = False) -> UnitFacts:
    """Read a unit's record.

    Raises:
        Invalid: with one entry per field that can't be accepted.
    """
    reader = _Reader(raw)
    facts = UnitFacts(
        code=reader.text("code", 32, pattern=_CODE, required=True),
        name=reader.text("name", 120, required=True),
        kind="region" if is_region else reader.kind(),
        parent_code="" if is_region else reader.text("parent_code", 32, required=True),
        credit_code=reader.credit_code(),
        short_name=reader.text("short_name", 60),
        address=reader.text("address", 200),
        headcount=reader.number("headcount", int, 0, 1_000_000),
        latitude=reader.number("latitude", float, -90, 90),
        longitude=reader.number("longitude", float, -180, 180),
    )
    reader.both("latitude", "longitude")
    if reader.errors:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(reader.errors), count=len(reader.errors))
    return facts


class _Reader:
    """Reads fields one by one, gathering what is wrong."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        self.raw = raw
        self.errors: list[FieldError] = []

    def text(
        self, name: str, length: int, *, pattern: re.Pattern[str] | None = None, required: bool = False
    ) -> str:
        value = self._given(name)
        if required and not value:
            self._wrong(name, N_("必填"))
        elif len(value) > length:
            self._wrong(name, N_("文字过长，请缩短后再填"))
        elif value and pattern and not pattern.fullmatch(value):
            self._wrong(name, N_("只能由字母、数字、点、横线组成，最长32位"))
        return value

    def kind(self) -> str:
        value = self._given("kind")
        named = {str(name): code for code, name in KIND_NAMES.items()}
        code = named.get(value, value)
        if code not in KINDS:
            self._wrong("kind", N_("应为主管部门、单位或下属单位"))
        return code

    def credit_code(self) -> str:
        value = self._given("credit_code")
        if not value:
            return ""
        try:
            return credit_code.parse(value)
        except Invalid as error:
            self.errors += error.fields
            return value

    def number(self, name: str, read: Callable[[str], Any], low: float, high: float) -> Any:
        value = self._given(name)
        if not value:
            return None
        try:
            number = read(value)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            self._wrong(name, N_("应为数字，且在合理范围内"))
            return None
        return number

    def both(self, one: str, other: str) -> None:
        for here, there in ((one, other), (other, one)):
            if self._given(here) and not self._given(there):
                self._wrong(there, N_("经度和纬度须同时填写，或都不填"))

    def _given(self, name: str) -> str:
        value = self.raw.get(name)
        return "" if value is None else clean(str(value))

    def _wrong(self, name: str, message: str) -> None:
        self.errors.append(FieldError(name, message, {}))
