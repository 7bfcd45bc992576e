"""Two promises of the importer, tried on whatever hypothesis thinks of.

What is exported goes back in as it was; and a register gives the same cards in any order of its rows and
columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.assets import Asset, PropertyCard, VehicleCard
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.assets import CARD_FIELDS, PROPERTY_FIELDS, VEHICLE_FIELDS, Field, Kind
from marketplace.domain.permissions import PLATFORM
from marketplace.domain.states import AssetState
from marketplace.domain.text import clean
from marketplace.registers.header import tidy_name
from marketplace.registers.writer import FileKind
from marketplace.use_cases.register_export import export
from tests import factories
from tests.conftest import NOW
from tests.registers.samples import Value, write_xlsx
from tests.use_cases.importing import Desk, cards, make_desk

NASTY = (
    *(
        "=1+1",
        "+8613800000000",
        "-5",
        "-",
        "@SUM(A1)",
        "'quoted",
        "'=1",
        "''",
        '说"好"',
        "a,b;c|d",
        "一\n二",
        "a\tb",
    ),
    *("007", "110101199001011234", "1.0", "1,234.50", "2013-1-1", "41275", "TRUE", "#N/A", "合计", "备注:无"),
    *("ＡＢＣ１２３", "é", "x\u200by", "_x0041_", "&amp;<b>", "资产名称", "无", "制表人:张三", "\\N", "\\"),
)
CODES = ("U-1", "U-2")


def texts(length: int) -> st.SearchStrategy[str]:
    """Texts as a card keeps them, the nastiest first."""
    free = st.text(st.characters(exclude_categories=["Cs", "Cn"]), min_size=1, max_size=min(length, 12))
    return st.one_of(st.sampled_from(NASTY), free).map(clean).filter(lambda t: 0 < len(t) <= length)


def numbers() -> st.SearchStrategy[str]:
    """Asset numbers: any text with a letter or digit that no spreadsheet has rounded."""
    return texts(64).filter(lambda t: t not in ("无", "#N/A") and any(map(str.isalnum, t)))


def values(field: Field) -> st.SearchStrategy[Any]:
    """What a field may hold."""
    if field.words is not None:
        return st.sampled_from(list(field.words))
    if field.kind is Kind.INTEGER:
        return st.integers(1, 1_000_000)
    if field.kind is Kind.DATE:
        return st.dates(dt.date(1900, 3, 1), dt.date(2100, 12, 31))
    if field.kind is Kind.DECIMAL:
        return st.decimals(0, Decimal("9999999999.99"), places=2)
    return texts(field.length)


def blank_or(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


OWN = {"number", "quantity", "original_value", "accumulated_depreciation"}
TRAPS = ("资产名称", "序号", "单位", "附:资产名称", "附:", "备注(2)", "用途", "净值(系统计算)")
EXTRAS = st.dictionaries(
    st.one_of(st.sampled_from(TRAPS), texts(30).map(tidy_name).filter(bool)), texts(30), max_size=3
)


@st.composite
def drawn_cards(draw: st.DrawFn) -> dict[str, Any]:
    """A card with every field, set or not."""
    most = Decimal("9999999999999999.99")
    original = draw(st.decimals(0, most, places=2))
    card = {
        field.name: draw(values(field) if field.required or field.default else blank_or(values(field)))
        for field in (*CARD_FIELDS, *VEHICLE_FIELDS, *PROPERTY_FIELDS)
        if field.name not in OWN
    }
    return card | {
        "number": draw(numbers()),
        "quantity": draw(st.integers(1, 1_000_000_000)),
        "original_value": original,
        "accumulated_depreciation": draw(blank_or(st.decimals(0, original, places=2))),
        "location": draw(blank_or(texts(200))),
        "acquired_on": draw(blank_or(values(next(f for f in CARD_FIELDS if f.name == "acquired_on")))),
        "category": draw(st.sampled_from([None, ("2022", "A02010105"), ("2013", "A02010105")])),
        "extra": draw(EXTRAS),
        "unit": draw(st.sampled_from(CODES)),
    }


REGISTERS = st.lists(
    drawn_cards(), min_size=1, max_size=12, unique_by=lambda card: (card["unit"], card["number"])
)


@pytest.fixture
def desk(sessions: SessionFactory, settings: Settings, tmp_path: Path) -> Desk:
    with transaction(sessions) as session:
        factories.category(session, "A02010105", "台式计算机", edition="2022")
        factories.category(session, "A02010105", "便携式计算机", edition="2013")
    made = make_desk(sessions, settings, tmp_path)
    made.actor = PLATFORM
    return made


def new_organisation(session: Session) -> dict[str, Unit]:
    """No cards, and other units that go by the same codes."""
    session.execute(delete(Asset))
    for unit in session.scalars(select(Unit).where(Unit.code.in_(CODES))):
        unit.code = f"old-{unit.id}"
    session.flush()
    region = factories.unit(session)
    return {code: factories.unit(session, region, code=code, name=f"单位{code}") for code in CODES}


def put_in(session: Session, units: dict[str, Unit], drawn: Sequence[dict[str, Any]]) -> None:
    for card in drawn:
        asset = Asset(
            unit_id=units[card["unit"]].id,
            state=AssetState.IN_USE,
            created_at=NOW,
            updated_at=NOW,
            extra=card["extra"],
            **{field.name: card[field.name] for field in CARD_FIELDS},
        )
        asset.category_edition, asset.category_code = card["category"] or (None, None)
        for part, kind, fields in (
            ("vehicle", VehicleCard, VEHICLE_FIELDS),
            ("estate", PropertyCard, PROPERTY_FIELDS),
        ):
            given_values = {field.name: card[field.name] for field in fields}
            if any(value is not None for value in given_values.values()):
                setattr(asset, part, kind(**given_values))
        session.add(asset)
    session.flush()


@given(drawn=REGISTERS)
@hypothesis_settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_exported_goes_back_in_as_it_was(desk: Desk, drawn: list[dict[str, Any]]) -> None:
    with transaction(desk.sessions) as session:
        put_in(session, new_organisation(session), drawn)
    with desk.sessions() as session:
        before = cards(session)
    for kind in FileKind:
        path = desk.folder / f"export.{kind}"
        with transaction(desk.sessions) as session, path.open("wb") as file:
            assert export(session, PLATFORM, NOW, select(Asset.id), kind, file) == len(drawn)
        again = desk.bring_in(path)
        assert (again.created, again.updated, again.unchanged) == (0, 0, len(drawn)), "nothing to change"
        with transaction(desk.sessions) as session:
            new_organisation(session)
        report = desk.bring_in(path)
        assert (report.created, report.refused) == (len(drawn), 0)
        with desk.sessions() as session:
            assert cards(session) == before


HEADERS = ("序号", "资产名称", "规格型号", "数量", "原值", "取得日期", "使用状况", "用途", "分类名称")
SPELLINGS = (
    (("1", "2", "3"),),
    (("办公桌", "办公桌 "), ("合计器",)),
    (("1", "1.0", "1.00"), ("甲", "甲 "), ("",)),
    (("1", "1.0"), ("2", "半")),
    (("100", "100.00"), ("1,200", "1200"), ("0",)),
    (("2013-1-1", "2013/01/01", "2013年1月1日"), ("41275",), ("",)),
    (("在用",), ("外调", "外调 "), ("",)),
    (("3", "3.0", "3.00"), ("",)),
    (("台式计算机",), ("桌类",), ("",)),
)
"""By column, cells that mean different things, each in the ways in which it may be written."""


@st.composite
def drawn_rows(draw: st.DrawFn) -> list[list[Value]]:
    """Rows of which many say the same, in the same or in other spellings, with or without a number."""
    number = st.sampled_from([("",), ("A", "A "), ("B",)])
    items = st.tuples(*map(st.sampled_from, SPELLINGS), number)
    few = draw(st.lists(items, min_size=1, max_size=3))
    return draw(
        st.lists(
            st.sampled_from(few).flatmap(lambda item: st.tuples(*map(st.sampled_from, item))).map(list),
            min_size=2,
            max_size=12,
        )
    )


@given(rows=drawn_rows(), chance=st.randoms(use_true_random=False))
@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_order_of_rows_and_columns_gives_the_same_register(
    desk: Desk, rows: list[list[Value]], chance: Any
) -> None:
    table: list[list[Value]] = [[*HEADERS, "资产编号"], *rows]
    columns = chance.sample(range(len(table[0])), len(table[0]))
    turned = [[line[at] for at in columns] for line in [table[0], *chance.sample(rows, len(rows))]]
    with transaction(desk.sessions) as session:
        units = new_organisation(session)
    straight = desk.bring_in_table(table, unit=units["U-1"])
    shuffled = desk.bring_in(write_xlsx(desk.folder / "turned.xlsx", turned), unit=units["U-2"])
    assert (straight.created, straight.refused) == (shuffled.created, shuffled.refused)
    assert _without_unit(desk, units["U-1"]) == _without_unit(desk, units["U-2"])


def _without_unit(desk: Desk, unit: Unit) -> list[dict[str, Any]]:
    return [{name: value for name, value in card.items() if name != "code"} for card in desk.cards(unit)]
