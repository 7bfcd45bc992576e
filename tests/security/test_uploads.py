"""Bad files of every kind at every address that takes files: a clear answer, and nothing is kept."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import text
from werkzeug.test import TestResponse

from marketplace.edge.access import LITTLE, SOME
from tests.media.pictures import FORMATS, encoded, quarters
from tests.registers import biff
from tests.registers.samples import write_xlsx
from tests.security.conftest import Place
from tests.security.district import PDF

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "30"))
MOST_MEMORY = 300 << 20
"""Bytes by which a refused file may make the process grow, however large it says it is."""
TABLE = [["资产编号", "资产名称"], ["=1+1", "=cmd|'/c calc'!A1"], ["-2", "@SUM(A1)"]]


def desks(place: Place) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Every address that takes files: who sends there, and what else the form says."""
    ids, codes = place.district.ids, place.district.codes
    asset, auction, agreed = ids["asset_id"][0], ids["auction_id"][0], ids["order_id"][3]
    return {
        "photo": (f"/assets/{asset}/photos", "A.officer", {}),
        "program": (f"/api/v1/assets/{asset}/photos", "A.officer", {}),
        "hand-over": (f"/orders/{agreed}/hand-over/photos", "A.officer", {}),
        "attachment": (f"/disposals/auctions/{auction}/files", "manager", {}),
        "results": (f"/disposals/auctions/{auction}/results/preview", "manager", {}),
        "register": ("/imports", "A.officer", {"unit_code": codes["A"]}),
        "units": ("/admin/units/import", "security", {}),
        "users": ("/admin/users/import", "security", {}),
    }


PICTURES = ("photo", "program", "hand-over", "attachment")
TABLES = ("register", "results", "units", "users", "attachment")


def send(place: Place, desk: str, content: bytes, name: str) -> TestResponse:
    """Send a file as the page, or a program, does."""
    path, who, form = desks(place)[desk]
    data: dict[str, Any] = {**form, "file": (io.BytesIO(content), name)}
    if desk == "program":
        token = {"Authorization": f"Bearer {place.district.tokens[who]}"}
        return place.app.test_client().post(path, data=data, headers=token)
    return place.client(who).post(path, data=data, headers={"X-CSRFToken": place.csrf})


def kept(place: Place) -> dict[str, object]:
    """What uploads leave: rows of what they may become, and files."""
    counted = ("photos", "auction_files", "order_files", "import_runs", "lot_results", "units", "users")
    union = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in counted)
    with place.database.connect() as connection:
        rows: dict[str, object] = dict(connection.execute(text(union)).all())
        rows["hand-over"] = connection.scalar(text("SELECT sum(jsonb_array_length(photos)) FROM handovers"))
    home = Path(place.settings.home)
    return rows | {str(path): path.stat().st_size for path in home.rglob("*") if path.is_file()}


def check(place: Place, desk: str, content: bytes, name: str) -> bool:
    """Send it; whether it was taken. What was refused says so with 4xx, and has left nothing."""
    before = kept(place)
    answer = send(place, desk, content, name)
    assert answer.status_code < 500, (desk, answer.status_code)
    taken = kept(place) != before
    if answer.status_code >= 400:
        assert not taken, (desk, name, content[:80])
    return taken


def bent(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with bits turned, parts lost, doubled, overwritten, or its head exchanged."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        span = draw(st.integers(1, 64))
        match draw(st.sampled_from(["flip", "cut", "drop", "double", "write", "head", "number"])):
            case "flip" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + span]
            case "double":
                data[at:at] = data[at : at + span]
            case "write":
                data[at : at + span] = draw(st.binary(min_size=span, max_size=span))
            case "head":
                data[:4] = draw(
                    st.sampled_from([b"\x89PNG", b"RIFF", b"\xff\xd8\xff\xe0", b"PK\x03\x04", b"%PDF"])
                )
            case "number":
                data[at : at + 4] = draw(st.sampled_from([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"]))
    return bytes(data)


@st.composite
def bad_pictures(draw: st.DrawFn) -> tuple[str, bytes, str]:
    """Where to, what, and under which name."""
    kind = draw(st.sampled_from(FORMATS))
    name = draw(
        st.sampled_from(
            ["a.jpg", "a.png", "../../a.webp", "a.svg", "x" * 300 + ".heic", "a\x00.jpg", "=1.jpg"]
        )
    )
    return draw(st.sampled_from(PICTURES)), bent(draw, SAMPLES[kind]), name


SAMPLES = {kind: encoded(quarters(96, 64), kind) for kind in FORMATS}
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_a_damaged_picture_is_refused_whole_or_kept_as_a_new_one(lively_place: Place) -> None:
    @FUZZ
    @given(bad_pictures())
    def holds(sent: tuple[str, bytes, str]) -> None:
        check(lively_place, *sent)

    holds()
    for path in Path(lively_place.settings.media_dir).rglob("*.webp"):
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "WEBP"
            assert not picture.getexif()


@pytest.fixture(scope="module")
def workbooks(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bytes, str]]:
    """Registers of every kind, whole."""
    folder = tmp_path_factory.mktemp("workbooks")
    lines = "\n".join(",".join(row) for row in TABLE)
    return [
        (write_xlsx(folder / "r.xlsx", TABLE).read_bytes(), "r.xlsx"),
        (biff.write_xls(folder / "r.xls", TABLE).read_bytes(), "r.xls"),
        (lines.encode(), "r.csv"),
        (lines.encode("gb18030"), "r.csv"),
        (lines.encode("utf-16"), "r.csv"),
    ]


def test_a_damaged_table_is_refused_or_read(lively_place: Place, workbooks: list[tuple[bytes, str]]) -> None:
    @st.composite
    def bad_tables(draw: st.DrawFn) -> tuple[str, bytes, str]:
        whole, name = draw(st.sampled_from(workbooks))
        if name.endswith("x") and draw(st.booleans()):
            return draw(st.sampled_from(TABLES)), _bent_inside(draw, whole), name
        return draw(st.sampled_from(TABLES)), bent(draw, whole), name

    @FUZZ
    @given(bad_tables())
    def holds(sent: tuple[str, bytes, str]) -> None:
        check(lively_place, *sent)

    holds()


def _bent_inside(draw: st.DrawFn, whole: bytes) -> bytes:
    """A sound archive of which one part is not."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = draw(st.sampled_from(old.namelist()))
        for name in old.namelist():
            new.writestr(name, bent(draw, old.read(name)) if name == chosen else old.read(name))
    return made.getvalue()


HARMLESS = ("entities.xlsx",)
"""What says that it grows, but nobody believes it."""


def bombs(folder: Path) -> Iterator[tuple[str, bytes, str]]:
    """Small files that want to be large: where to, what, and under which name."""
    for desk in PICTURES:
        for width, height in ((60_000, 60_000), (2**31 - 1, 2**31 - 1), (50_000_001, 1)):
            yield desk, _png(width, height), "p.png"
        jpeg = bytearray(SAMPLES["JPEG"])
        at = jpeg.index(b"\xff\xc0")
        jpeg[at + 5 : at + 9] = b"\xff\xdc\xff\xdc"
        yield desk, bytes(jpeg), "p.jpg"
    for desk in ("register", "units", "users"):
        yield (
            desk,
            _workbook(
                folder, b'<row r="9"><c r="XFD9"><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>'
            ),
            "b.xlsx",
        )
        yield desk, biff.write_xls(folder / "b.xls", TABLE, far=(65_535, 65_535)).read_bytes(), "b.xls"
        yield (
            desk,
            _workbook(folder, b"", b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>'),
            HARMLESS[0],
        )


def _png(width: int, height: int) -> bytes:
    """A picture whose head promises so many pixels, all of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(4 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _workbook(folder: Path, cells: bytes, head: bytes = b"") -> bytes:
    """A workbook with more cells in its sheet, or more before its root."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(write_xlsx(folder / "w.xlsx", TABLE)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(b"</sheetData>", cells + b"</sheetData>").replace(
                    b"<worksheet", head + b"<worksheet"
                )
            new.writestr(name, data)
    return made.getvalue()


def test_a_small_file_never_takes_much_memory(lively_place: Place, tmp_path: Path) -> None:
    _forget_peak()
    before = _peak()
    for desk, content, name in bombs(tmp_path):
        taken = check(lively_place, desk, content, name)
        assert not taken or name in HARMLESS, (desk, name)
    assert _peak() - before < MOST_MEMORY


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The most memory that the process had in use since then, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10


def test_an_address_that_takes_no_files_reads_no_more_than_it_needs(lively_place: Place) -> None:
    """Nobody fills the disk, or the memory, with what no page asks for."""
    place, csrf = lively_place, {"X-CSRFToken": lively_place.csrf}
    token = {"Authorization": f"Bearer {place.district.tokens['A.staff']}"}
    stranger, staff = place.client(), place.client("A.staff")
    for client, path, headers, size in (
        (stranger, "/login", csrf, LITTLE),
        (stranger, "/locale", csrf, LITTLE),
        (staff, "/messages/read", csrf, SOME),
        (staff, "/profile/tokens", csrf, SOME),
        (place.app.test_client(), "/api/v1/orders", token, SOME),
    ):
        if path.startswith("/api/"):
            answer = client.post(
                path, data=b" " * (size + 1), headers=headers, content_type="application/json"
            )
        else:
            data = {"file": (io.BytesIO(bytes(size + 1)), "a.bin")}
            answer = client.post(path, data=data, headers=headers)
        assert answer.status_code == 413, path


def test_only_these_addresses_take_files(lively_place: Place) -> None:
    large = {
        rule.rule
        for rule in lively_place.app.url_map.iter_rules()
        if lively_place.app.view_functions[rule.endpoint].access.takes > SOME
    }
    assert large == {
        *("/api/v1/assets/<int:asset_id>/photos", "/assets/<int:asset_id>/photos", "/basket", "/imports"),
        *("/disposals/auctions/<int:auction_id>/files", "/orders/<int:order_id>/edit"),
        *("/disposals/auctions/<int:auction_id>/results/preview", "/admin/calendar/import"),
        *("/orders/<int:order_id>/<any('hand-over', 'return'):page>/photos",),
        *("/admin/units/import", "/admin/users/import"),
    }


def test_a_document_of_another_kind_is_refused(lively_place: Place) -> None:
    for content in (b"<script>alert(1)</script>", b"MZ" + PDF, b"GIF89a" + bytes(20), b""):
        assert not check(lively_place, "attachment", content, "说明.pdf")
