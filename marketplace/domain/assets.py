"""The asset card (资产卡片): its fields, the words they accept, and what makes a card acceptable.

``FIELDS`` is the one list of what a card carries. Forms, the interface, the register importer, the
export and the history all read it, so a field is added here and nowhere else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast

from marketplace.domain import values
from marketplace.domain.errors import FieldError, Invalid
from marketplace.domain.text import N_, clean

Value = str | int | Decimal | dt.date | None
Words = Mapping[Any, tuple[str, ...]]
"""The codes of a choice with the names each goes by; the first name is the one shown."""


class Condition(StrEnum):
    """How good the thing is (成色)."""

    NEW = "new"
    GOOD = "good"
    FAIR = "fair"
    REPAIR = "repair"
    BROKEN = "broken"


class UseStatus(StrEnum):
    """使用状况 as the holder's books say it; the platform's own view is the state."""

    IN_USE = "in_use"
    IDLE = "idle"
    UNDER_USED = "under_used"
    RENTED_OUT = "rented_out"
    LENT_OUT = "lent_out"
    AWAITING_DISPOSAL = "awaiting_disposal"
    OTHER = "other"


class ValueType(StrEnum):
    """价值类型."""

    ORIGINAL = "original"
    NOMINAL = "nominal"
    ESTIMATED = "estimated"


class AcquisitionMethod(StrEnum):
    """取得方式."""

    PURCHASE = "purchase"
    TRANSFER = "transfer"
    DONATION = "donation"
    SELF_BUILT = "self_built"
    EXCHANGE = "exchange"
    CONFISCATION = "confiscation"
    SURPLUS = "surplus"
    LEASE = "lease"
    OTHER = "other"


class Secrecy(StrEnum):
    """密级 (保守国家秘密法, art. 14); from SECRET on an asset is classified and never listed."""

    NONE = "none"
    INTERNAL = "internal"
    SECRET = "secret"  # noqa: S105 - a level of secrecy
    CONFIDENTIAL = "confidential"
    TOP_SECRET = "top_secret"  # noqa: S105


CLASSIFIED = frozenset({Secrecy.SECRET, Secrecy.CONFIDENTIAL, Secrecy.TOP_SECRET})

CONDITIONS: dict[Condition, tuple[str, ...]] = {
    Condition.NEW: (N_("全新"), "未使用", "未拆封", "九成新以上"),
    Condition.GOOD: (N_("良好"), "完好", "正常", "较好", "九成新", "使用正常", "好"),
    Condition.FAIR: (N_("可用"), "一般", "七成新", "八成新", "尚可", "旧", "中"),
    Condition.REPAIR: (N_("需维修"), "待维修", "待修", "故障", "损坏待修", "较差"),
    Condition.BROKEN: (N_("不能使用"), "报废", "损坏", "待报废", "毁损", "差"),
}
USE_STATUSES: dict[UseStatus, tuple[str, ...]] = {
    UseStatus.IN_USE: (N_("在用"), "使用中", "使用", "正常使用", "自用", "在用良好"),
    UseStatus.IDLE: (N_("闲置"), "未使用", "库存", "在库", "未用", "长期闲置"),
    UseStatus.UNDER_USED: (N_("低效运转"), "低效", "低效使用"),
    UseStatus.RENTED_OUT: (N_("出租"), "已出租"),
    UseStatus.LENT_OUT: (N_("出借"), "借出", "已出借"),
    UseStatus.AWAITING_DISPOSAL: (N_("待处置"), "待报废", "拟报废", "报废待处置", "未处置"),
    UseStatus.OTHER: (N_("其他"), "其它"),
}
VALUE_TYPES: dict[ValueType, tuple[str, ...]] = {
    ValueType.ORIGINAL: (N_("原值"), "历史成本", "实际成本"),
    ValueType.NOMINAL: (N_("名义金额"), "名义价值"),
    ValueType.ESTIMATED: (N_("暂估"), "暂估值", "估价", "暂估价值", "评估价值", "重置成本"),
}
ACQUISITION_METHODS: dict[AcquisitionMethod, tuple[str, ...]] = {
    AcquisitionMethod.PURCHASE: (N_("购置"), "新购", "购入", "外购", "采购", "购买", "政府采购", "自购"),
    AcquisitionMethod.TRANSFER: (N_("调拨"), "调剂", "无偿调入", "调入", "划拨", "无偿划转", "划入"),
    AcquisitionMethod.DONATION: (N_("接受捐赠"), "捐赠", "受赠", "受捐"),
    AcquisitionMethod.SELF_BUILT: (N_("自建"), "自行建造", "自制", "自行研制", "建造", "基建"),
    AcquisitionMethod.EXCHANGE: (N_("置换"), "置换取得", "换入"),
    AcquisitionMethod.CONFISCATION: (N_("罚没"), "没收"),
    AcquisitionMethod.SURPLUS: (N_("盘盈"),),
    AcquisitionMethod.LEASE: (N_("融资租入"), "租入", "融资租赁"),
    AcquisitionMethod.OTHER: (N_("其他"), "其它"),
}
SECRECIES: dict[Secrecy, tuple[str, ...]] = {
    Secrecy.NONE: (N_("非密"), "无", "公开", "普通", "否", "不涉密", "非涉密"),
    Secrecy.INTERNAL: (N_("内部"), "内部使用"),
    Secrecy.SECRET: (N_("秘密"), "涉密", "是"),
    Secrecy.CONFIDENTIAL: (N_("机密"),),
    Secrecy.TOP_SECRET: (N_("绝密"),),
}


class Kind(StrEnum):
    """How a field's value is read, kept and shown."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    MONEY = "money"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    CHOICE = "choice"


class Group(StrEnum):
    """Where a field stands on the card; the last two are typed extensions with a table of their own."""

    MAIN = "main"
    BOOKS = "books"
    USE = "use"
    VEHICLE = "vehicle"
    PROPERTY = "property"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the card."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    group: Group = Group.MAIN
    required: bool = False
    length: int = 200
    words: Words | None = None
    fallback: StrEnum | None = None
    """What an imported word becomes that is in no list; the word itself is kept beside it."""
    default: Value = None


FIELDS: tuple[Field, ...] = (
    Field("number", N_("资产编号"), required=True, length=64),
    Field("name", N_("资产名称"), required=True),
    Field("brand", N_("品牌")),
    Field("model", N_("规格型号")),
    Field("serial_number", N_("序列号")),
    Field("quantity", N_("数量"), Kind.INTEGER, required=True, default=1),
    Field("unit_of_measure", N_("计量单位"), required=True, length=20, default="件"),
    Field(
        "condition",
        N_("成色"),
        Kind.CHOICE,
        words=CONDITIONS,
        default=Condition.GOOD,
        fallback=Condition.GOOD,
    ),
    Field(
        "use_status",
        N_("使用状况"),
        Kind.CHOICE,
        required=True,
        words=USE_STATUSES,
        default=UseStatus.IN_USE,
        fallback=UseStatus.OTHER,
    ),
    Field("location", N_("存放地点"), required=True),
    Field("original_value", N_("账面原值"), Kind.MONEY, Group.BOOKS, required=True),
    Field(
        "value_type",
        N_("价值类型"),
        Kind.CHOICE,
        Group.BOOKS,
        required=True,
        words=VALUE_TYPES,
        default=ValueType.ORIGINAL,
        fallback=ValueType.ORIGINAL,
    ),
    Field("accumulated_depreciation", N_("累计折旧"), Kind.MONEY, Group.BOOKS),
    Field("depreciation_method", N_("折旧方法"), group=Group.BOOKS, length=60),
    Field(
        "acquisition_method",
        N_("取得方式"),
        Kind.CHOICE,
        Group.BOOKS,
        required=True,
        words=ACQUISITION_METHODS,
        default=AcquisitionMethod.PURCHASE,
        fallback=AcquisitionMethod.OTHER,
    ),
    Field("acquired_on", N_("取得日期"), Kind.DATE, Group.BOOKS, required=True),
    Field("booked_on", N_("入账日期"), Kind.DATE, Group.BOOKS),
    Field("voucher", N_("会计凭证号"), group=Group.BOOKS, length=64),
    Field("using_department", N_("使用部门"), group=Group.USE),
    Field("using_person", N_("使用人"), group=Group.USE, length=60),
    Field("minimum_service_years", N_("最低使用年限"), Kind.INTEGER, Group.USE),
    Field("warranty_until", N_("保修期至"), Kind.DATE, Group.USE),
    Field(
        "secrecy",
        N_("密级"),
        Kind.CHOICE,
        Group.USE,
        words=SECRECIES,
        default=Secrecy.NONE,
    ),
    Field("note", N_("备注"), Kind.LONG_TEXT, Group.USE, length=2000),
    Field("plate_number", N_("车牌号"), group=Group.VEHICLE, length=20),
    Field("vin", N_("车辆识别代号"), group=Group.VEHICLE, length=32),
    Field("engine_number", N_("发动机号"), group=Group.VEHICLE, length=40),
    Field("displacement", N_("排量（升）"), Kind.DECIMAL, Group.VEHICLE),
    Field("registered_on", N_("注册日期"), Kind.DATE, Group.VEHICLE),
    Field("mileage", N_("里程（公里）"), Kind.DECIMAL, Group.VEHICLE),
    Field("establishment", N_("编制情况"), group=Group.VEHICLE, length=60),
    Field("area", N_("面积（平方米）"), Kind.DECIMAL, Group.PROPERTY),
    Field("address", N_("坐落"), group=Group.PROPERTY),
    Field("title_certificate", N_("权属证号"), group=Group.PROPERTY, length=100),
)

BY_NAME = {field.name: field for field in FIELDS}
CARD_FIELDS = tuple(f for f in FIELDS if f.group not in {Group.VEHICLE, Group.PROPERTY})
VEHICLE_FIELDS = tuple(f for f in FIELDS if f.group is Group.VEHICLE)
PROPERTY_FIELDS = tuple(f for f in FIELDS if f.group is Group.PROPERTY)


def read(field: Field, raw: object) -> Value:
    """The value of one field from what was typed, sent or found in a cell; blank is None.

    Raises:
        ValueError: it can't be read; the message is the Chinese source text.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if field.kind is Kind.CHOICE:
        return cast(StrEnum, values.read_choice(raw, field.words or {}))
    if field.kind in _READERS:
        return _READERS[field.kind](raw)
    text = clean(str(raw))
    if len(text) > field.length:
        raise ValueError(N_("文字过长，请缩短后再填"))
    return text or None


_READERS: dict[Kind, Callable[[object], Value]] = {
    Kind.MONEY: values.read_money,
    Kind.INTEGER: values.read_integer,
    Kind.DECIMAL: values.read_decimal,
    Kind.DATE: values.read_date,
}


def read_card(raw: Mapping[str, object], *, fields: Iterable[Field] = FIELDS) -> dict[str, Value]:
    """Read every given field, collecting all mistakes instead of stopping at the first.

    Only fields present in ``raw`` are returned. Required ones may not be blank.

    Raises:
        Invalid: with one entry per field that can't be accepted.
    """
    card: dict[str, Value] = {}
    errors: list[FieldError] = []
    for field in fields:
        if field.name not in raw:
            continue
        try:
            card[field.name] = read(field, raw[field.name])
        except ValueError as error:
            errors.append(_error(field, str(error), raw[field.name]))
            continue
        if field.required and card[field.name] is None:
            errors.append(_error(field, N_("必填"), ""))
    errors += _contradictions(card)
    if errors:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(errors), count=len(errors))
    return card


def with_defaults(raw: Mapping[str, object]) -> dict[str, object]:
    """``raw`` completed for a new card: defaults where nothing is given, blanks for what is required."""
    full = dict(raw)
    for field in FIELDS:
        if full.get(field.name) in (None, "") and field.default is not None:
            full[field.name] = field.default
        elif field.required:
            full.setdefault(field.name, None)
    return full


def _contradictions(card: Mapping[str, Value]) -> list[FieldError]:
    original, depreciation = card.get("original_value"), card.get("accumulated_depreciation")
    if isinstance(original, Decimal) and isinstance(depreciation, Decimal) and depreciation > original:
        return [_error(BY_NAME["accumulated_depreciation"], N_("累计折旧不能大于账面原值"), depreciation)]
    return []


def _error(field: Field, message: str, value: object) -> FieldError:
    return FieldError(field.name, message, {"label": field.label, "value": str(value)})
