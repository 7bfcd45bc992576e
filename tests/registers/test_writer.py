"""What is written can be read again, cell by cell, and no cell is ever a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.errors import Invalid
from marketplace.registers import reader, uploads, writer
from marketplace.registers.cells import as_text, mark_formula, unmark_formula
from marketplace.registers.writer import FileKind, Out, Table

NASTY = [
    "=1+1",
    "+8613800000000",
    "-5",
    "@SUM(A1)",
    "'quoted",
    "'=1",
    "''",
    '说"好"',
    "a,b;c|d",
    "一\n二",
    "a\tb",
    "007",
]


@pytest.mark.parametrize("kind", FileKind)
def test_a_table_is_read_again_as_it_was_written(tmp_path: Path, kind: FileKind) -> None:
    path = tmp_path / "t"
    rows: list[list[Out]] = [
        ["A1", text, Decimal("1234567.80"), 3, dt.date(2013, 1, 1), None] for text in NASTY
    ]
    header = ["资产编号", "资产名称", "原值", "数量", "取得日期", "备注"]
    with path.open("wb") as file:
        assert writer.write(Table(header, iter(rows)), kind, file) == len(rows)
    found = reader.find_register(path)
    assert found.headers == tuple(header)
    read = [[as_text(cell) for cell in cells] for _, cells, _ in reader.read_rows(path, found.layout)]
    assert [cells[1] for cells in read] == NASTY
    assert {(Decimal(cells[2]), *cells[3:5]) for cells in read} == {
        (Decimal("1234567.80"), "3", "2013-01-01")
    }


def test_no_cell_of_a_text_file_starts_a_formula() -> None:
    [block] = writer.csv_blocks(Table(["=cmd", "资产名称"], [[text, "桌"] for text in NASTY]))
    assert block.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(block.decode("utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    file = io.BytesIO()
    writer.write(Table(["名称"], [[text] for text in NASTY]), FileKind.XLSX, file)
    sheet = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert sheet.count(b'"inlineStr"') == len(NASTY) + 1


@given(st.text())
def test_the_mark_against_formulas_can_always_be_taken_away(text: str) -> None:
    assert unmark_formula(mark_formula(text)) == text


def test_figures_beyond_what_a_sheet_keeps_are_written_as_text(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    amounts = [Decimal("9999999999999999.99"), Decimal("999999999999.99")]
    with path.open("wb") as file:
        writer.write(Table(["原值"], [[amount] for amount in amounts]), FileKind.XLSX, file)
    cells = [cells[0] for _, cells, _ in reader.read_rows(path, reader.find_register(path).layout)]
    assert cells == ["9999999999999999.99", 999999999999.99]


def test_more_than_a_sheet_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SHEET_ROWS", 3)
    writer.write(Table(["名称"], [["桌"]] * 2), FileKind.XLSX, io.BytesIO())
    with pytest.raises(Invalid, match=r"导出 \.csv"):
        writer.write(Table(["名称"], [["桌"]] * 3), FileKind.XLSX, io.BytesIO())


def test_long_tables_come_in_blocks() -> None:
    blocks = list(writer.csv_blocks(Table(["名称"], (["桌"] for _ in range(2500)))))
    assert len(blocks) == 3
    assert b"".join(blocks).count(b"\r\n") == 2501


def test_an_upload_is_kept_under_the_hash_of_its_content(tmp_path: Path) -> None:
    source = tmp_path / "r.csv"
    source.write_bytes(b"a,b\n")
    digest = uploads.store(source, tmp_path / "kept")
    assert uploads.store(io.BytesIO(b"a,b\n"), tmp_path / "kept") == digest
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [digest]
    assert uploads.path_of(digest, tmp_path / "kept").read_bytes() == b"a,b\n"


def test_an_upload_that_is_too_large_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 3)
    with pytest.raises(Invalid, match="请拆分"):
        uploads.store(io.BytesIO(b"a,b\n"), tmp_path)
    assert list(tmp_path.iterdir()) == []
