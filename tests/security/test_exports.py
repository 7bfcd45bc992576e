"""Every file of cells that can be taken away: whatever people typed, opening it runs nothing."""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from marketplace.db.assets import Asset
from marketplace.db.imports import ImportRun
from marketplace.db.people import Unit, User
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from marketplace.registers import writer
from marketplace.registers.writer import FileKind, Table
from marketplace.use_cases import audit, register_import
from marketplace.use_cases.register_worker import advance
from tests import factories
from tests.conftest import NOW
from tests.registers.samples import write_csv
from tests.security.conftest import Place

STARTS = (*"=+-@＝＋－＠", "\t", "\r", "\n")
NASTY = [
    f"{start}{rest}" for start in STARTS for rest in ("cmd|'/c calc'!A1", "1+1", 'HYPERLINK("http://x","y")')
]
EXPORTS = {
    "A.officer": ("/assets/export.csv", "/assets/export.xlsx"),
    "auditor": ("/admin/audit/export.csv", "/admin/audit/export.xlsx"),
    "manager": ("results/template.csv", "results/template.xlsx"),
    "security": ("/admin/units/import/template.csv", "/admin/users/import/template.csv"),
}


def starting(cells: list[str]) -> list[str]:
    """Cells that a spreadsheet program would take for a formula; amounts below zero are none."""
    return [cell for cell in cells if cell.startswith(STARTS) and not re.fullmatch(r"-\d+(\.\d+)?", cell)]


def formulas(content: bytes) -> list[str]:
    """What in a file would run when it is opened."""
    if not content.startswith(b"PK"):
        table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert table
        return starting([cell for row in table for cell in row])
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
        links = [name for name in book.namelist() if "externalLink" in name or "vba" in name.lower()]
    assert sheets
    found = [found for sheet in sheets for found in re.findall(r"<f[ >].*?</f>|<hyperlink.*?>", sheet)]
    return found + links


@pytest.fixture(scope="module")
def typed(lively_place: Place) -> int:
    """People have typed the worst everywhere; gives the import whose rows were refused."""
    place = lively_place
    with transaction(place.sessions) as session:
        school = session.scalars(select(Unit).where(Unit.code == place.district.codes["A"])).one()
        actor = factories.actor((Role.UNIT_ASSET_OFFICER, school))
        for at, words in enumerate(NASTY):
            extra = {words: words}
            factories.asset(
                session, school, words, number=f"{words[0]}{at}", note=words, brand=words, extra=extra
            )
            audit.record(session, actor, NOW, "asset.edit", "asset", at, unit_id=school.id, reason=words)
        school.name = NASTY[0]
        session.execute(text("UPDATE lots SET name = :name"), {"name": NASTY[1]})
        path = place.settings.home / "nasty.csv"
        # Neither a name nor a number that could be read: every row is refused, and handed back as it was.
        write_csv(path, [["资产编号", "资产名称", "数量", NASTY[2]], *([w, w, w, w] for w in NASTY)])
        officer = session.get_one(User, place.user_id("A.officer"))
        actor = factories.actor((Role.UNIT_ASSET_OFFICER, school), user=officer)
        run = register_import.begin(session, place.settings, actor, NOW, school, path, f"{NASTY[0]}.csv")
        number = run.id
    advance(place.sessions, place.settings, number, place.clock)
    with place.sessions() as session:
        assert session.get_one(ImportRun, number).refused > 0
        assert session.scalar(select(Asset.id).where(Asset.name == NASTY[0]))
    return number


def test_no_file_that_can_be_taken_away_runs_anything(lively_place: Place, typed: int) -> None:
    place, sold = lively_place, lively_place.district.ids["auction_id"][1]
    found = {}
    for name, paths in EXPORTS.items():
        client = place.client(name)
        for path in paths:
            whole = path if path.startswith("/") else f"/disposals/auctions/{sold}/{path}"
            answer = client.get(whole)
            assert answer.status_code == 200, whole
            found[whole] = formulas(answer.data)
    for kind in ("csv", "xlsx"):
        answer = place.client("A.officer").get(f"/imports/{typed}/refused.{kind}")
        assert answer.status_code == 200
        found[kind] = formulas(answer.data)
    assert not {path: cells for path, cells in found.items() if cells}


def test_no_export_is_left_out(lively_place: Place) -> None:
    """An address that gives a table is named above."""
    given = {
        rule.rule
        for rule in lively_place.app.url_map.iter_rules()
        if re.search(r"csv|xlsx", rule.rule) and "GET" in (rule.methods or ())
    }
    assert given == {
        "/admin/audit/export.<any(xlsx, csv):suffix>",
        "/admin/units/import/template.csv",
        "/admin/users/import/template.csv",
        "/assets/export.<any(xlsx, csv):kind>",
        "/disposals/auctions/<int:auction_id>/results/template.<any(csv, xlsx):kind>",
        "/imports/<int:run_id>/refused.<any(xlsx, csv):kind>",
    }


@settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "40")),
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.lists(st.one_of(st.text(), st.sampled_from(NASTY)), min_size=3, max_size=3), max_size=5))
def test_no_cell_starts_a_formula(rows: list[list[str]]) -> None:
    for kind in FileKind:
        file = io.BytesIO()
        writer.write(Table(["甲", "=乙", "丙"], rows), kind, file)
        assert not formulas(file.getvalue())
