"""Classification (GB/T 14885) and what things are called in everyday speech."""

from __future__ import annotations

from sqlalchemy import ARRAY, String
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db.base import Base, Id


class Category(Base):
    """A class of assets. Codes change meaning between editions, so the key is the pair, always."""

    __tablename__ = "categories"

    edition: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    parent_code: Mapped[str | None] = mapped_column(String(20))
    path: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    """Codes from the top class down to this one, within the edition."""
    evidence: Mapped[str] = mapped_column(String(120), server_default="")
    """How sure the row is; shown to whoever maintains the catalogue."""


class SynonymGroup(Base):
    """Words that people use for the same thing; all of them find it."""

    __tablename__ = "synonym_groups"

    id: Mapped[Id]
    canonical: Mapped[str] = mapped_column(String(60), unique=True)
    words: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
