"""Imports of registers: a run, the rows it read, and how a source's columns were mapped."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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
    __table_args__ = (
        Index("ix_import_runs_state", "state", "id"),
        Index("ix_import_runs_unit_id", "unit_id", "id"),
    )

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    """Whose right it is read and merged by; None: a command on the server."""
    state: Mapped[ImportState] = mapped_column(word(ImportState))
    file_name: Mapped[str] = mapped_column(String(200))
    stored_as: Mapped[str] = mapped_column(String(100))
    file_digest: Mapped[str] = mapped_column(String(64))
    layout: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    """Sheet, header row, encoding and delimiter that the reader found, or the user corrected."""
    headers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    mapping: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    """Column position to target; a column without an entry is kept as an extra."""
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    """For each column, why it was mapped so."""
    sample: Mapped[list[list[str]]] = mapped_column(JSONB, server_default=text("'[]'"))
    """The first rows as text, to look at while mapping."""
    signature: Mapped[str] = mapped_column(String(64))
    """Hash of the headers: files of the same source share it."""
    proceed: Mapped[bool] = mapped_column(server_default=text("false"))
    """Merge without waiting for a person to look at the preview; also set by who has looked."""

    expected_rows: Mapped[int | None]
    """How many rows the file seems to have, while it is being read."""
    total_rows: Mapped[int | None]
    """How many it has; known once all are staged."""
    staged_rows: Mapped[int] = mapped_column(server_default="0")
    staged_to: Mapped[int] = mapped_column(server_default="0")
    """Number of the last row staged; reading goes on behind it."""
    merged_rows: Mapped[int] = mapped_column(server_default="0")
    merged_to: Mapped[int] = mapped_column(server_default="0")
    """Number of the last row merged; merging goes on behind it."""
    skipped: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    """Rows that are no assets, counted by kind: blank, total, header, note."""
    created: Mapped[int] = mapped_column(server_default="0")
    updated: Mapped[int] = mapped_column(server_default="0")
    unchanged: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")
    seconds: Mapped[float] = mapped_column(Float, server_default="0")
    """Time that workers spent on it."""

    stop_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    claimed_by: Mapped[str | None] = mapped_column(String(32))
    """Token of the worker that owns the run; one that lost it writes nothing more."""
    claimed_until: Mapped[Moment | None]
    """A worker owns the run until then; it renews while it lives, so a killed one is replaced."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    """Claims since the last progress: a file that ends every worker is given up."""
    error: Mapped[Json | None]
    """Why it failed: ``message`` and its ``params``."""
    created_at: Mapped[Moment]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]

    unit: Mapped[Unit] = relationship()
    user: Mapped[User | None] = relationship()


class ImportRow(Base):
    """A row as read: a readable card, or reasons why not. UNLOGGED: made again from the file.

    Beside the key and the hashes there is one column per field of the card; None: the row says nothing.
    """

    __tablename__ = "import_rows"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id", ondelete="CASCADE"), primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    """Row in the file as the user's program shows it, from 1."""
    unit_id: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[str | None] = mapped_column(Text)
    generated: Mapped[bool]
    """The register has no number here: it was made from the content and its occurrence."""
    content: Mapped[str] = mapped_column(String(32))
    """Hash of all cells, the same whatever the format of the file and the order of its columns."""
    exact: Mapped[str] = mapped_column(String(32))
    """Hash of the cells as written: puts rows of equal content in an order that is not the file's."""
    problems: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
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

    plate_number: Mapped[str | None] = mapped_column(Text)
    vin: Mapped[str | None] = mapped_column(Text)
    engine_number: Mapped[str | None] = mapped_column(Text)
    displacement: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    registered_on: Mapped[dt.date | None]
    mileage: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    establishment: Mapped[str | None] = mapped_column(Text)
    area: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    address: Mapped[str | None] = mapped_column(Text)
    title_certificate: Mapped[str | None] = mapped_column(Text)


class ImportMapping(Base):
    """The mapping last confirmed for files with these headers, offered again for the next one."""

    __tablename__ = "import_mappings"
    __table_args__ = (UniqueConstraint("unit_id", "signature"),)

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    signature: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[Json]
    """Column name to target, so that another order of the columns does not matter."""
    confirmed_at: Mapped[Moment]
