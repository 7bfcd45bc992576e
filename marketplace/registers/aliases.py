"""What registers call the fields of a card: every header met so far, and what becomes of its column.

A header maps to a field of the card, to one of the words below that help to find the unit or the
category, to :data:`IGNORE`, or to :data:`EXTRA`: kept on the card under its own name.
"""

from __future__ import annotations

import re

from marketplace.domain.assets import BY_NAME, FIELDS
from marketplace.domain.text import N_, normalise

UNIT_CODE, UNIT_NAME = "unit_code", "unit_name"
CATEGORY_CODE, CATEGORY_NAME, CATEGORY_EDITION = "category_code", "category_name", "category_edition"
IGNORE = "ignore"
"""Deliberately left out: running numbers of the list, and what this platform computes itself."""
EXTRA = ""
"""Kept on the card under the column's own header."""

UNIT_TARGETS = (UNIT_CODE, UNIT_NAME)
CATEGORY_TARGETS = (CATEGORY_EDITION, CATEGORY_CODE, CATEGORY_NAME)

TARGET_LABELS: dict[str, str] = {
    UNIT_CODE: N_("单位编码"),
    UNIT_NAME: N_("单位名称"),
    CATEGORY_CODE: N_("分类代码"),
    CATEGORY_EDITION: N_("分类版本"),
    CATEGORY_NAME: N_("分类名称"),
    **{field.name: field.label for field in FIELDS},
    IGNORE: N_("不导入"),
    EXTRA: N_("作为附加信息保留"),
}
"""Every target a column may have, as a page offers them."""

SCALES = {"万元": 10_000, "千元": 1_000}
"""Units of money that a header may name; amounts are kept in CNY."""

ALIASES: dict[str, tuple[str, ...]] = {
    UNIT_CODE: ("单位编码", "单位代码", "预算单位代码", "预算单位编码", "单位统一社会信用代码", "unit code"),
    UNIT_NAME: (
        *("单位名称", "填报单位", "所属单位", "资产所属单位", "使用单位", "管理单位", "预算单位", "单位"),
        *("预算单位名称", "unit name", "unit"),
    ),
    CATEGORY_CODE: (
        *("分类代码", "资产分类代码", "固定资产分类代码", "国标分类代码", "资产分类编码", "国标代码"),
        *("分类编码", "分类号", "类别代码", "资产类别代码", "类别编码", "gb/t 14885", "category code"),
    ),
    CATEGORY_EDITION: ("分类版本", "分类标准", "国标版本", "category edition"),
    CATEGORY_NAME: (
        *("分类名称", "资产分类名称", "固定资产分类名称", "国标分类名称", "国标分类", "资产分类", "分类"),
        *("类别名称1", "类别名称", "资产类别", "类别", "固定资产类别", "category", "category name"),
    ),
    IGNORE: (
        *("序号", "行号", "编号序号", "no.", "no", "#", "index", "row", "未导入原因", "原行号"),
        *("original row", "why not imported", "净值(系统计算)"),
    ),
    "number": (
        *("资产编号", "资产编码", "固定资产编号", "固定资产编码", "卡片编号", "资产卡片编号", "资产卡片号"),
        *("卡片号", "资产号", "设备编号", "设备编码", "资产代码", "资产标签号", "编号", "编码", "标签号"),
        *("asset number", "asset no", "asset no.", "asset tag", "asset id", "asset code", "tag"),
    ),
    "name": (
        *("资产名称", "固定资产名称", "名称", "设备名称", "物品名称", "物资名称", "品名", "资产名"),
        *("item name", "asset name", "name", "item", "description", "item description"),
    ),
    "brand": ("品牌", "厂牌", "商标", "生产厂家", "厂家", "制造商", "brand", "make", "manufacturer"),
    "model": (
        *("规格型号", "型号规格", "型号", "规格", "品牌型号", "品牌规格型号", "规格及型号"),
        *("model", "model number", "model no", "specification", "nsn"),
    ),
    "serial_number": (
        *("序列号", "出厂编号", "出厂号", "机身号", "设备序列号", "机器编号", "sn", "s/n", "sn号", "sn码"),
        *("serial number", "serial no", "serial"),
    ),
    "quantity": ("数量", "资产数量", "账面数量", "台件数", "件数", "实际数量", "quantity", "qty", "count"),
    "unit_of_measure": (
        *("计量单位", "数量单位", "资产计量单位", "ui", "uom", "unit of measure", "unit of issue"),
    ),
    "condition": ("成色", "新旧程度", "新旧", "完好程度", "品相", "condition"),
    "use_status": (
        *("使用状况", "使用状态", "资产状态", "使用管理状况名称", "使用情况", "资产使用状况", "状态", "现状"),
        *("use status", "status"),
    ),
    "location": (
        *("存放地点", "存放位置", "资产放置位置", "放置位置", "放置地点", "存放处", "使用地点", "所在位置"),
        *("安装地点", "地点", "位置", "location", "site", "room", "place", "state"),
    ),
    "original_value": (
        *(
            "账面原值",
            "资产原值",
            "固定资产原值",
            "原值",
            "账面价值",
            "原始价值",
            "价值",
            "资产价值",
            "入账价值",
        ),
        *("采购价格", "购置价格", "购置金额", "采购金额", "金额", "总价", "总金额", "价格"),
        *("original value", "acquisition value", "acquisition cost", "purchase price", "cost", "value"),
        "price",
    ),
    "value_type": ("价值类型", "原值类型", "计价方式", "value type"),
    "accumulated_depreciation": ("累计折旧", "累计折旧额", "累计折旧(摊销)", "accumulated depreciation"),
    "depreciation_method": ("折旧方法", "折旧方式", "depreciation method"),
    "acquisition_method": (
        *("取得方式", "取得来源", "资产来源", "增加方式", "来源", "购置方式", "acquisition method"),
    ),
    "acquired_on": (
        *("取得日期", "取得时间", "购置日期", "购置时间", "采购日期", "购入日期", "购买日期", "购进日期"),
        *("竣工_购进日期", "竣工日期", "acquisition date", "acquired on", "purchase date", "ship date"),
    ),
    "booked_on": ("入账日期", "财务入账日期", "入账时间", "记账日期", "财务入账时间", "booked on"),
    "voucher": ("会计凭证号", "凭证号", "记账凭证号", "财务凭证号", "凭证编号", "voucher"),
    "using_department": (
        *("使用部门", "使用(管理)部门", "使用/管理部门", "管理使用单位(部门)", "所属部门", "使用科室"),
        *("使用处室", "部门名称", "管理部门", "管理机构", "部门", "科室", "department", "agency name"),
    ),
    "using_person": (
        *("使用人", "管理(使用人)", "使用(保管)人", "使用人姓名", "保管人", "责任人", "领用人", "管理人"),
        *("user", "custodian", "owner"),
    ),
    "minimum_service_years": (
        *("最低使用年限", "规定使用年限", "预计使用年限", "折旧年限", "使用年限", "service years"),
    ),
    "warranty_until": ("保修期至", "保修截止日期", "质保期至", "保修到期日", "warranty until"),
    "secrecy": ("密级", "涉密等级", "是否涉密", "secrecy"),
    "note": ("备注", "备注说明", "说明", "note", "notes", "remark", "remarks", "comment"),
    "plate_number": ("车牌号", "车牌号码", "车船牌照号码", "牌照号", "车辆牌照号", "plate number"),
    "vin": ("车辆识别代号", "车架号", "车辆识别码", "车辆识别号", "vin"),
    "engine_number": ("发动机号", "发动机号码", "engine number"),
    "displacement": ("排量", "排气量", "汽车排气量", "displacement"),
    "registered_on": ("注册日期", "注册登记日期", "上牌日期", "车辆注册日期", "registered on"),
    "mileage": ("里程", "行驶里程", "已行驶里程", "公里数", "mileage"),
    "establishment": ("编制情况", "车辆编制情况", "编制"),
    "area": ("面积", "建筑面积", "房屋面积", "土地面积", "area"),
    "address": ("坐落", "坐落位置", "房屋坐落", "土地坐落", "地址", "address"),
    "title_certificate": ("权属证号", "权属证书号", "产权证号", "房产证号", "不动产权证号", "权证号"),
}
"""Headers by target, the surest first: where two columns claim one field, the earlier wins."""

STAND_INS: dict[str, str] = {"name": CATEGORY_NAME}
"""A required field that no column names is read from a column of this target instead."""

KEPT: tuple[str, ...] = (
    *("管理类别", "是否计提折旧", "净残值率", "净残值", "月折旧率", "月折旧额", "年折旧率", "年折旧额"),
    *("入账时累计折旧", "减值准备", "已提月份", "未计提月份", "使用月份", "净值", "当前价值", "账面净值"),
    *("数据来源", "变动类型", "有无资产编号", "资产国标大类", "已上报", "资金来源", "条形码", "入账年度"),
    *("录入日期", "录入人", "年度", "固定资产大类", "投入使用日期", "使用管理状况代码", "使用面积"),
    *("费用开支渠道", "用途", "供应商", "eol日期", "demil code", "demil ic", "station type"),
)
"""Headers known to have no field of their own: their columns are kept as they are."""

KEPT_PREFIX = "附:"
"""Put by the export before an extra's header that would otherwise be taken for a field."""

LONGEST_NAME = 200
"""Characters of an extra's name."""

_SPACE_AND_STARS = re.compile(r"[\s*★☆]+")
_BRACKETS = re.compile(r"[(\[【][^)\]】]*[)\]】]")
_GENERAL_PREFIX = re.compile(r"^(?:固定资产|国有资产|资产卡片|资产|设备)(?=.{2})")


def header_key(header: str) -> str:
    """A header as it is compared: full width, case, white space and the star of 'required' don't count."""
    return _SPACE_AND_STARS.sub("", normalise(header)).strip(":")


_TARGETS = {
    header_key(alias): (target, rank)
    for target, aliases in ALIASES.items()
    for rank, alias in enumerate(aliases)
}
_KEPT_KEYS = frozenset(map(header_key, KEPT))
_LEAST = 100


def target_of(header: str) -> tuple[str, int]:
    """The target that a header names, with its rank among the headers for it (0: the surest).

    A remark in brackets is left out when the header is unknown with it, then a general first word
    such as 资产 in 资产计量单位.
    """
    if header.startswith(KEPT_PREFIX):
        return EXTRA, 0
    key = header_key(header)
    bare = _BRACKETS.sub("", key)
    for rank_more, form in enumerate((key, bare, _GENERAL_PREFIX.sub("", bare))):
        if form in _KEPT_KEYS:
            return EXTRA, 0
        if form in _TARGETS:
            target, rank = _TARGETS[form]
            return target, rank + rank_more * _LEAST
    return EXTRA, _LEAST


def is_known(header: str) -> bool:
    """Whether this is the header of some register met before."""
    return target_of(header) != (EXTRA, _LEAST)


def scale_of(header: str) -> int:
    """What one unit of an amount under this header is in CNY."""
    key = header_key(header)
    return next((scale for unit, scale in SCALES.items() if unit in key), 1)


def kept_name(header: str) -> str:
    """The name under which a card keeps a column that has no field."""
    return header.removeprefix(KEPT_PREFIX)[:LONGEST_NAME]


def export_name(name: str) -> str:
    """The header under which the export writes an extra, so that the import takes it for one again."""
    taken_otherwise = name.startswith(KEPT_PREFIX) or target_of(name)[0] != EXTRA
    return KEPT_PREFIX + name if taken_otherwise else name


def label_of(target: str) -> str:
    """What a target is called on pages."""
    return BY_NAME[target].label if target in BY_NAME else TARGET_LABELS[target]
