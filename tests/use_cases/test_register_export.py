"""The register as a file: whose cards, which columns, how much memory."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.assets import FIELDS
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.registers.writer import FileKind
from marketplace.use_cases.register_export import export
from tests import factories
from tests.conftest import NOW


def exported(session: Session, *grants: object) -> list[dict[str, str]]:
    """All cards, exported by somebody with these roles, as rows by column name."""
    file = io.BytesIO()
    actor = factories.actor(*grants) if grants else PLATFORM  # type: ignore[arg-type]
    export(session, actor, NOW, select(Asset.id), FileKind.CSV, file)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode("utf-8-sig"))))


def test_all_fields_and_extras_have_a_column(session: Session) -> None:
    unit = factories.unit(session, code="001", name="市财政局")
    factories.category(session, "A02010105", "台式计算机")
    key = {"category_edition": "2022", "category_code": "A02010105"}
    factories.asset(session, unit, number="A1", extra={"用途": "会议", "资产名称": "旧名"}, **key)
    factories.asset(session, unit, number="A2", extra={})
    first, second = exported(session)
    assert [*first] == [
        *("单位编码", "单位名称", "分类版本", "分类代码", "分类名称"),
        *(field.label for field in FIELDS),
        *("净值(系统计算)", "用途", "附:资产名称"),
    ]
    assert first["单位编码"] == "001"
    assert [first[name] for name in ("分类版本", "分类代码", "分类名称")] == [
        "2022",
        "A02010105",
        "台式计算机",
    ]
    assert (first["用途"], first["附:资产名称"], first["使用状况"]) == ("会议", "旧名", "在用")
    assert (second["用途"], second["分类代码"], second["净值(系统计算)"]) == ("", "", "1200.00")


def test_only_cards_that_the_actor_may_export_go_out(session: Session) -> None:
    department = factories.unit(session, factories.unit(session))
    own, other = factories.unit(session, department), factories.unit(session, department)
    for unit in (own, other):
        factories.asset(session, unit, number=f"{unit.code}-1")
    assert [row["单位编码"] for row in exported(session, (Role.UNIT_ASSET_OFFICER, own))] == [own.code]
    assert len(exported(session, (Role.DEPARTMENT_APPROVER, department))) == 2
    assert exported(session, (Role.STAFF, department)) == []


def test_an_export_is_recorded(session: Session) -> None:
    unit = factories.unit(session)
    factories.asset(session, unit)
    exported(session, (Role.UNIT_ASSET_OFFICER, unit))
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "assets.export"))
    assert (entry.unit_id, entry.after) == (unit.id, {"rows": 1, "format": "csv"})


MEMORY_PROBE = """
import datetime as dt, sys
from pathlib import Path
from sqlalchemy import select
from marketplace.db.assets import Asset
from marketplace.db.session import make_engine, make_sessions
from marketplace.domain.permissions import PLATFORM
from marketplace.registers.writer import FileKind
from marketplace.use_cases.register_export import export

def peak():
    # Not ru_maxrss: that one remembers the parent from before the program was started.
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])

class Sink:
    ends = []

    def write(self, block):
        pass

with make_sessions(make_engine(sys.argv[1]))() as session:
    for some in (select(Asset.id).limit(2_000), select(Asset.id)):
        count = export(session, PLATFORM, dt.datetime.now(dt.UTC), some, FileKind.CSV, Sink())
        Sink.ends.append(peak())
print(count, Sink.ends[1] - Sink.ends[0])
"""


@pytest.mark.usefixtures("engine")
def test_the_register_is_exported_in_constant_memory(
    sessions: SessionFactory, settings: Settings, root: Path
) -> None:
    with transaction(sessions) as session:
        unit = factories.unit(session)
        session.execute(
            text(
                "INSERT INTO assets"
                " (unit_id, state, number, name, original_value, note, created_at, updated_at)"
                " SELECT :unit, 'in_use', 'A' || n, '办公桌', n, repeat('备注', 100), :now, :now"
                " FROM generate_series(1, 40000) n"
            ),
            {"unit": unit.id, "now": NOW},
        )
        # As autovacuum does a minute later: taken for an empty table, it is joined in the square of its rows.
        session.execute(text("ANALYZE assets, units"))
    probe = [sys.executable, "-c", MEMORY_PROBE, settings.database_url]
    count, grown = map(int, subprocess.check_output(probe, cwd=root, text=True).split())
    assert count == 40_000
    assert grown < 4_096, f"{grown} KiB more for 40,000 rows of 600 bytes than for 2,000"
