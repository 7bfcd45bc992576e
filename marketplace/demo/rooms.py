"""Where things stand and who uses them, by what a unit does."""

from __future__ import annotations

from marketplace.demo.chance import Dice
from marketplace.demo.goods import Goods
from marketplace.demo.places import Place

_BUILDINGS = {
    "school": ("教学楼", "实验楼", "行政楼", "图书楼"),
    "hospital": ("门诊楼", "住院楼", "行政楼", "医技楼"),
    "police": ("主楼", "指挥中心", "办案区"),
    "culture": ("主馆", "东附楼", "文献楼"),
}
_DEPARTMENTS = {
    "school": ("教务处", "总务处", "德育处", "办公室", "信息中心", "教研室"),
    "hospital": ("院办公室", "医务科", "护理部", "信息科", "总务科", "财务科"),
    "police": ("办公室", "警务保障室", "法制大队", "治安大队", "户政科"),
    "culture": ("办公室", "读者服务部", "采编部", "展览部", "后勤保障部"),
    "fleet": ("办公室", "调度科", "车辆管理科"),
    "road": ("办公室", "工程科", "养护一所", "养护二所"),
}
_STORES = ("地下一层资产库房", "后勤仓库{n}号货架", "主楼负一层库房", "东附楼一层周转库", "档案楼一层库房")


def departments(field: str) -> tuple[str, ...]:
    """The inner departments of a unit."""
    return _DEPARTMENTS.get(
        field, ("办公室", "财务科", "人事科", "综合科", "业务一科", "业务二科", "信息中心")
    )


def location(chance: Dice, goods: Goods, place: Place) -> str:
    """Where such a thing stands while it is used."""
    if goods.special == "vehicle":
        return f"{place.short_name}停车场{chance.randint(1, 60)}号车位"
    if goods.special:
        return place.address
    floor = chance.randint(1, 9)
    room = {
        "meeting": f"{floor}层第{chance.randint(1, 4)}会议室",
        "machine": f"{floor}层信息机房",
        "class": f"{floor}层{floor}{chance.randint(1, 12):02d}教室",
        "duty": f"{floor}层值班室",
        "store": f"{floor}层库房",
        "office": f"{floor}层{floor}{chance.randint(1, 28):02d}室",
    }[goods.room]
    return chance.choice(_BUILDINGS.get(place.field, ("主楼", "东附楼", "西附楼"))) + room


def store(chance: Dice) -> str:
    """Where a unit puts what nobody uses."""
    return chance.choice(_STORES).format(n=chance.randint(1, 12))
