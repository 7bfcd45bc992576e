"""A register is found in whatever file it comes in, and no file brings the reader down."""

from __future__ import annotations

import datetime as dt
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from marketplace.domain.errors import Invalid
from marketplace.registers import reader, workbook
from marketplace.registers.cells import as_text, canonical
from marketplace.registers.reader import Choice
from tests.registers import biff, samples
from tests.registers.samples import LAYOUTS, write_csv, write_xlsx

Rows = list[tuple[int, list[str]]]


def read(path: Path, choice: Choice | None = None) -> tuple[tuple[str, ...], Rows]:
    """The headers, and the rows below them as text."""
    found = reader.find_register(path, choice)
    rows = reader.read_rows(path, found.layout)
    return found.headers, [(number, [as_text(cell) for cell in cells]) for number, cells, _ in rows]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("titles", [0, 3])
def test_finds_the_header_of_every_known_layout_below_its_titles(
    tmp_path: Path, layout: tuple[str, ...], titles: int
) -> None:
    table = [["固定资产明细表", "2026年6月"], ["编制单位:某某局"], []][:titles]
    body = samples.rows(layout, 5)
    path = write_csv(tmp_path / "r.csv", [*table, layout, *body])
    headers, rows = read(path)
    assert headers == layout
    assert [number for number, _ in rows] == [titles + 2 + at for at in range(5)]
    assert rows[0][1] == [str(cell) for cell in body[0]]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_reads_text_in_every_usual_encoding(
    tmp_path: Path, encoding: str, found: str, delimiter: str
) -> None:
    table = [
        ["资产编号", "资产名称", "备注"],
        ["A1", "办公桌", "一行\n又一行,带逗号"],
        ["A2", "鋼櫃", '说"好"'],
    ]
    path = write_csv(tmp_path / "r.txt", table, encoding=encoding, delimiter=delimiter)
    assert reader.find_register(path).layout.encoding == found
    headers, rows = read(path)
    assert headers == ("资产编号", "资产名称", "备注")
    assert rows == [(2, table[1]), (3, table[2])]


def test_a_late_foreign_byte_is_noticed_before_reading_starts(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes("资产编号,资产名称\n".encode() + b"A,B\n" * 200_000 + "C,桌\n".encode("gbk"))
    with pytest.raises(Invalid, match=r"另存为"):
        reader.find_register(path, Choice(encoding="utf-8"))


def test_a_chosen_encoding_is_used(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", [["資產編號", "資產名稱"], ["A1", "辦公桌"]], encoding="big5")
    headers, rows = read(path, Choice(encoding="big5"))
    assert headers == ("資產編號", "資產名稱")
    assert rows == [(2, ["A1", "辦公桌"])]


def test_workbooks_give_decoded_cells_and_the_rows_that_excel_shows(tmp_path: Path) -> None:
    table = [
        ["固定资产卡片"],
        [],
        ["资产编号", "资产名称", "原值", "取得日期"],
        ["007", "办公桌", 1698.56, dt.date(2013, 1, 1)],
    ]
    headers, rows = read(write_xlsx(tmp_path / "r.xlsx", table))
    assert headers == ("资产编号", "资产名称", "原值", "取得日期")
    assert rows == [(4, ["007", "办公桌", "1698.56", "2013-01-01"])]


def test_old_workbooks_are_read(tmp_path: Path) -> None:
    path = biff.write_xls(tmp_path / "r.xls", [["资产编号", "资产名称", "原值"], ["A1", "办公桌", 1200.5]])
    assert read(path) == (("资产编号", "资产名称", "原值"), [(2, ["A1", "办公桌", "1200.5"])])


def test_the_kind_of_file_is_told_from_its_content_not_from_its_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.xls", [["资产编号", "资产名称"], ["A1", "办公桌"]], delimiter="\t")
    assert read(path)[1] == [(2, ["A1", "办公桌"])]


def test_the_sheet_with_the_register_is_picked_and_another_can_be_chosen(tmp_path: Path) -> None:
    notes = [["填表说明"], ["请按要求填写"]]
    draft = [["资产编号", "资产名称", "原值"], ["X1", "草稿", 1]]
    register = [["资产编号", "资产名称", "原值"], ["A1", "办公桌", 1]]
    path = write_xlsx(tmp_path / "r.xlsx", notes, draft, register, hidden=[1])
    assert reader.find_register(path).layout.sheets == ("Sheet1", "Sheet2", "Sheet3")
    assert read(path)[1] == [(2, ["A1", "办公桌", "1"])]
    assert read(path, Choice(sheet="Sheet2"))[1] == [(2, ["X1", "草稿", "1"])]
    with pytest.raises(Invalid, match="没有名为"):
        reader.find_register(path, Choice(sheet="没有"))


def test_a_register_on_a_hidden_sheet_is_found_when_nothing_else_is_there(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "r.xlsx", [], [["资产编号", "资产名称"], ["A1", "桌"]], hidden=[1])
    assert read(path)[1] == [(2, ["A1", "桌"])]


def test_a_header_on_two_levels_becomes_one(tmp_path: Path) -> None:
    upper = ["序号", "资产编号", "资产名称", "价值", "", "账面数", "", "实有数", ""]
    lower = ["", "", "", "原值", "累计折旧", "数量", "金额", "数量", "金额"]
    path = write_csv(tmp_path / "r.csv", [["清查表"], upper, lower, ["1", "A1", "桌", "9", "1", *"1919"]])
    headers, rows = read(path)
    assert headers == (
        *("序号", "资产编号", "资产名称", "原值", "累计折旧", "账面数/数量", "账面数/金额", "实有数/数量"),
        "实有数/金额",
    )
    assert rows[0][0] == 4


def test_the_upper_level_may_hold_only_some_names(tmp_path: Path) -> None:
    upper = ["资产编号", "", "", ""]
    lower = ["", "资产名称", "原值", "取得日期"]
    headers, _ = read(write_csv(tmp_path / "r.csv", [upper, lower, ["A1", "桌", "9", "2013-1-1"]]))
    assert headers == ("资产编号", "资产名称", "原值", "取得日期")


def test_columns_without_a_name_and_with_the_same_name_are_told_apart(tmp_path: Path) -> None:
    table = [
        ["资产\n编号", "资产名称", "", "备注", "备注"],
        *[[f"A{at}", "桌", "x", "y", "z", "w"] for at in range(3)],
    ]
    headers, _ = read(write_csv(tmp_path / "r.csv", table))
    assert headers == ("资产编号", "资产名称", "第3列", "备注", "备注(2)", "第6列")


def test_a_header_row_can_be_chosen(tmp_path: Path) -> None:
    table = [["资产编号", "资产名称", "原值"], ["列甲", "列乙", "列丙"], ["A1", "桌", "9"]]
    path = write_csv(tmp_path / "r.csv", table)
    assert read(path, Choice(header_row=2)) == (("列甲", "列乙", "列丙"), [(3, ["A1", "桌", "9"])])


def damaged(path: Path) -> Path:
    write_xlsx(path, [["资产编号", "资产名称"], ["A1", "桌"]])
    path.write_bytes(path.read_bytes()[:-400])
    return path


def broken_sheet(path: Path) -> Path:
    return replaced(path, "xl/worksheets/sheet1.xml", lambda xml: xml[:200])


def replaced(path: Path, member: str, change: object) -> Path:
    """A workbook of which one part was changed."""
    assert callable(change)
    whole = write_xlsx(path.with_suffix(".whole"), [["资产编号", "资产名称"], ["A1", "桌"]])
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == member else data)
    return path


def far_cell(path: Path) -> Path:
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return replaced(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", cell))


def with_bytes(data: bytes) -> object:
    def write(path: Path) -> Path:
        path.write_bytes(data)
        return path

    return write


REFUSED = {
    "empty": (with_bytes(b""), "空的"),
    "blank": (with_bytes(b" \r\n\r\n"), "空的"),
    "only separators": (with_bytes(b",,,\n,,,\n"), "没有找到表格"),
    "damaged": (damaged, "损坏"),
    "broken sheet": (broken_sheet, "损坏"),
    "no zip": (with_bytes(b"PK\x03\x04" + b"x" * 500), "损坏"),
    "no container": (with_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 2000), "损坏"),
    "password .xls": (lambda path: biff.write_xls(path, [["资产编号"]], password=True), "密码"),
    "password .xlsx": (
        lambda path: biff.write_container(path, {"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
        "密码",
    ),
    "letter": (lambda path: biff.write_container(path, {"WordDocument": b"x"}), "不是 Excel 工作簿"),
    "archive": (lambda path: zipped(path, {"a.txt": b"a"}), "不是 Excel 工作簿"),
    "web page": (with_bytes("<html><table><tr><td>资产编号</td></tr></table>".encode()), "网页"),
    "picture": (with_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256))), "不是表格文件"),
    "program": (with_bytes(bytes(range(256)) * 40), "不是表格文件"),
    "far cell": (far_cell, "第1048576行、第16384列"),
    "empty workbook": (lambda path: write_xlsx(path, []), "没有找到表格"),
}


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_register_is_refused_with_advice(tmp_path: Path, make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(Invalid, match=message):
        reader.find_register(make(tmp_path / "r.xlsx"))


FAR = {
    "no reference": b'<row r="3"><c r="XFD3"><v>1</v></c></row><row r="1048576"><c><v>2</v></c></row>',
    "no row": b'<row r="3"><c r="XFD3"><v>1</v></c></row>' + b"<row><c><v>1</v></c></row>" * 90_000,
    "blanks": b'<row><c r = "XFD3"><v>1</v></c></row><row><c r = "A1048576"><v>2</v></c></row>',
    "small letters": b'<row r="3"><c r="xfd3"><v>1</v></c></row><row><c r="a1048576"><v>2</v></c></row>',
}


@pytest.mark.parametrize("cells", FAR.values(), ids=FAR)
def test_cells_far_apart_never_end_the_process(tmp_path: Path, cells: bytes) -> None:
    path = replaced(
        tmp_path / "r.xlsx",
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", cells + b"</sheetData>"),
    )
    with pytest.raises(Invalid, match="工作表过大"):
        reader.find_register(path)


def test_a_sheet_in_an_unusual_place_never_ends_the_process(tmp_path: Path) -> None:
    plain = far_cell(tmp_path / "plain.xlsx")
    with zipfile.ZipFile(plain) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/odd.xml"] = parts.pop("xl/worksheets/sheet1.xml")
    links = "xl/_rels/workbook.xml.rels"
    parts[links] = parts[links].replace(b"worksheets/sheet1.xml", b"odd.xml")
    with pytest.raises(Invalid, match="工作表过大"):
        reader.find_register(zipped(tmp_path / "odd.xlsx", parts))


@pytest.mark.parametrize("column", [16_383, 65_535])
def test_cells_far_apart_in_an_old_workbook_never_end_the_process(tmp_path: Path, column: int) -> None:
    path = biff.write_xls(tmp_path / "r.xls", [["资产编号", "资产名称"], ["1", "桌"]], far=(65_535, column))
    with pytest.raises(Invalid, match="工作表过大"):
        reader.find_register(path)


@pytest.mark.parametrize("honest", [True, False])
def test_a_workbook_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, honest: bool
) -> None:
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 1 << 22)
    size = (1 << 22) + 1
    path = zipped(tmp_path / "bomb.xlsx", {"xl/workbook.xml": b"<w/>", "xl/media/image1.bmp": bytes(size)})
    if not honest:
        path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 9)))
    with pytest.raises(Invalid, match="解压后超过"):
        reader.find_register(path)


def test_empty_cells_far_out_are_no_reason_to_refuse(tmp_path: Path) -> None:
    styled = b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    path = replaced(
        tmp_path / "r.xlsx", "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", styled)
    )
    assert read(path)[1] == [(2, ["A1", "桌"])]


def test_an_open_quote_is_named_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text('资产编号,资产名称\nA1,桌\nA2,"椅' + "x" * 200_000, encoding="utf-8")
    with pytest.raises(Invalid, match="第3行"):
        reader.find_register(path)


def test_a_file_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    with path.open("wb") as file:
        file.truncate(reader.MAX_BYTES + 1)
    with pytest.raises(Invalid, match="请拆分"):
        reader.find_register(path)


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("62627", 62627.0),
        ("1,698.50", 1698.5),
        ("0.10", 0.1),
        ("1698.56", 1698.5599999999999),
        ("0.00001", 1e-05),
        ("2016-09-29 00:00:00", dt.date(2016, 9, 29)),
        ("2016/9/29", dt.datetime(2016, 9, 29)),  # noqa: DTZ001 - sheets have no zones
        ("2016年9月29日", dt.date(2016, 9, 29)),
        ("2016-09-29 08:30:07.999000", dt.datetime(2016, 9, 29, 8, 30, 8)),  # noqa: DTZ001
    ],
)
def test_a_cell_is_the_same_in_text_and_in_a_workbook(text: str, decoded: object) -> None:
    assert isinstance(decoded, float | dt.date)
    assert canonical(text) == canonical(decoded)


@pytest.mark.parametrize(
    ("one", "other"),
    [("007", "7"), ("1234567890123456781", "1234567890123456782"), ("1-2", "1/2"), ("A1", "a1")],
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


MEMORY_PROBE = """
import sys
from pathlib import Path
from marketplace.registers import reader

def peak():
    # Not ru_maxrss: that one remembers the parent from before the program was started.
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])

path = Path(sys.argv[1])
found = reader.find_register(path)
rows = reader.read_rows(path, found.layout)
for _ in range(10_000):
    next(rows)
before = peak()
count = 10_000 + sum(1 for _ in rows)
print(count, peak() - before)
"""


def test_text_is_read_in_constant_memory(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "r.csv"
    line = ",".join(["某某局机关办公桌"] * 12)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(samples.FINANCE[:12]) + "\n")
        file.writelines(f"{line}\n" for _ in range(200_000))
    probe = [sys.executable, "-c", MEMORY_PROBE, str(path)]
    count, grown = map(int, subprocess.check_output(probe, cwd=root, text=True).split())
    assert count == 200_000
    assert grown < 4_096, f"{grown} KiB more after 190,000 rows of a file of {path.stat().st_size >> 10} KiB"
