"""Imports of registers: a run, the rows it read, and how a source's columns were mapped."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.base import Base, Id, Json, Moment, word
from marketplace.db.people import Unit, User


class ImportState(StrEnum):
    """Where a run stands. ``staging`` reads the file, ``merging`` writes cards; both can be resumed."""

    MAPPING = "mapping"
    STAGING = "staging"
    PREVIEW = "preview"
    MERGING = "merging"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


class ImportRun(Base):
    """One file on its way into the register."""

    __tablename__ = "import_runs"
    __table_args__ = (Index("ix_import_runs_state", "state", "id"),)

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[ImportState] = mapped_column(word(ImportState))
    file_name: Mapped[str] = mapped_column(String(200))
    stored_as: Mapped[str] = mapped_column(String(100))
    file_digest: Mapped[str] = mapped_column(String(64))
    layout: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    """Sheet, header row, encoding and delimiter that the reader found, or the user corrected."""
    headers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    mapping: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    """Column position to field name; a column without an entry is kept as an extra."""
    signature: Mapped[str] = mapped_column(String(64))
    """Hash of the headers: files of the same source share it."""
    proceed: Mapped[bool] = mapped_column(server_default=text("false"))
    """Merge without waiting for a person to look at the preview (command line, interface)."""
    total_rows: Mapped[int | None]
    staged_rows: Mapped[int] = mapped_column(server_default="0")
    merged_rows: Mapped[int] = mapped_column(server_default="0")
    created: Mapped[int] = mapped_column(server_default="0")
    updated: Mapped[int] = mapped_column(server_default="0")
    unchanged: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")
    stop_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    claimed_until: Mapped[Moment | None]
    """A worker owns the run until then; it renews while it lives, so a killed one is replaced."""
    error: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Moment]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]

    unit: Mapped[Unit] = relationship()
    user: Mapped[User | None] = relationship()


class ImportRow(Base):
    """A row as read: either a readable card or reasons why not. UNLOGGED: made again from the file."""

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_key", "run_id", "unit_id", "number"),
        {"prefixes": ["UNLOGGED"]},
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id", ondelete="CASCADE"), primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    """Row in the file as the user's program shows it, from 1."""
    unit_id: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str] = mapped_column(String(32))
    """Hash of all cells; rows without a number are told apart by it and their occurrence."""
    problems: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB)
    cells: Mapped[list[str] | None] = mapped_column(JSONB)
    """The original cells of a refused row, for the file of refusals."""
    extra: Mapped[dict[str, str] | None] = mapped_column(JSONB)

    name: Mapped[str | None] = mapped_column(Text)
    category_edition: Mapped[str | None] = mapped_column(Text)
    category_code: Mapped[str | None] = mapped_column(Text)
    brand: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    serial_number: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[int | None]
    unit_of_measure: Mapped[str | None] = mapped_column(Text)
    condition: Mapped[str | None] = mapped_column(Text)
    use_status: Mapped[str | None] = mapped_column(Text)
    location: Mapped[str | None] = mapped_column(Text)
    original_value: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    value_type: Mapped[str | None] = mapped_column(Text)
    accumulated_depreciation: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    depreciation_method: Mapped[str | None] = mapped_column(Text)
    acquisition_method: Mapped[str | None] = mapped_column(Text)
    acquired_on: Mapped[dt.date | None]
    booked_on: Mapped[dt.date | None]
    voucher: Mapped[str | None] = mapped_column(Text)
    using_department: Mapped[str | None] = mapped_column(Text)
    using_person: Mapped[str | None] = mapped_column(Text)
    minimum_service_years: Mapped[int | None]
    warranty_until: Mapped[dt.date | None]
    secrecy: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    special: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    """Values of the vehicle and property extensions, by field name."""


class ImportMapping(Base):
    """The mapping last confirmed for files with these headers, offered again for the next one."""

    __tablename__ = "import_mappings"
    __table_args__ = (UniqueConstraint("unit_id", "signature"),)

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    signature: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[Json]
    confirmed_at: Mapped[Moment]
