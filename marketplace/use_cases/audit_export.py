"""The audit record as a file: what was filtered, oldest first, with everything needed to check it elsewhere.

The exact fields that are sealed stand beside their readable names, so that whoever has the file can compute
each seal again (:mod:`marketplace.domain.audit_chain`) without this program.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from marketplace.db.audit import SEALED, AuditEntry, AuditSeal
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction, while_open
from marketplace.domain.audit_names import ACTION_NAMES, OBJECT_NAMES, OUTCOME_NAMES
from marketplace.domain.permissions import Actor
from marketplace.registers import writer
from marketplace.registers.writer import FileKind, Out, Table
from marketplace.use_cases import audit
from marketplace.use_cases.audit_search import Wish, chosen

FETCHED = 1_000
"""Rows held in memory at a time."""
CELL = 32_767
"""Characters that a cell of a sheet can hold."""
CUT = "…（内容过长，完整内容请导出 .csv）"
TITLE = "审计记录"
READABLE = ("位置", "时间", "操作人", "单位", "事项", "对象类别", "结果")
SEALED_HEADER = (
    *("记录号", "时间戳", "操作人编号", "操作人姓名", "单位编号", "事项代码", "对象类别代码", "对象编号"),
    *("结果代码", "变更前", "变更后", "理由", "依据", "请求号"),
)
"""The sealed fields, in the order in which they are sealed."""
SEALS = ("前一封印", "封印")


def stream(
    sessions: SessionFactory, actor: Actor, now: dt.datetime, zone: ZoneInfo, wish: Wish, kind: FileKind
) -> Iterator[bytes]:
    """The entries that are asked for and the actor may read, as a file piece by piece.

    That it was asked for is on record before the first piece leaves. All rows are read from one snapshot,
    so that their number is what the record says.

    Raises:
        Invalid: an unknown unit, or more entries than a sheet holds.
    """
    session = sessions()
    try:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        count = session.scalar(chosen(session, actor, wish, select(func.count(AuditEntry.id)))) or 0
        writer.check_rows(count, kind)
        table = Table([*READABLE, *SEALED_HEADER, *SEALS], _rows(session, actor, zone, wish, kind), TITLE)
        with transaction(sessions) as other:
            after = {"rows": count, "format": str(kind), "filter": wish.said()}
            audit.record(
                other, actor, now, "audit.export", "audit", None, unit_id=actor.home_unit_id, after=after
            )
    except BaseException:
        session.close()
        raise
    return while_open(session, writer.blocks(table, kind))


def _rows(
    session: Session, actor: Actor, zone: ZoneInfo, wish: Wish, kind: FileKind
) -> Iterator[Sequence[Out]]:
    local = func.to_char(func.timezone(zone.key, AuditEntry.at), "YYYY-MM-DD HH24:MI:SS")
    columns = (AuditSeal.position, local, Unit.name, *SEALED, AuditSeal.previous, AuditSeal.digest)
    query = (
        chosen(session, actor, wish, select(*columns))
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .outerjoin(Unit, Unit.id == AuditEntry.unit_id)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    for row in session.execute(query.execution_options(yield_per=FETCHED)):
        cells = _cells(row)
        yield [_shortened(cell) for cell in cells] if kind is FileKind.XLSX else cells


def _cells(row: Row[*tuple[Any, ...]]) -> list[Out]:
    position, local, unit, *sealed, previous, digest = row
    action, kind, outcome = (str(sealed[index]) for index in (5, 6, 8))
    return [
        *(position, local, sealed[3], unit),
        ACTION_NAMES.get(action, action),
        OBJECT_NAMES.get(kind, kind),
        OUTCOME_NAMES.get(outcome, outcome),
        *sealed,
        *(seal.hex() if isinstance(seal, bytes) else None for seal in (previous, digest)),
    ]


def _shortened(cell: Out) -> Out:
    """A text as far as a cell holds it: a longer one would be left out altogether."""
    return cell[: CELL - len(CUT)] + CUT if isinstance(cell, str) and len(cell) > CELL else cell
