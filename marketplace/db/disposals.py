"""Projects of disposal: what is to leave the books, and what proves that it may."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.assets import Asset
from marketplace.db.base import Base, Id, Moment, word
from marketplace.db.people import Unit, User
from marketplace.domain.disposals import ConditionKind, ProjectState, Way, Why


class DisposalCounter(Base):
    """The last serial number given in a year, for projects and for auctions."""

    __tablename__ = "disposal_counters"

    prefix: Mapped[str] = mapped_column(String(2), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Project(Base):
    """处置项目: cards that leave the books together, in one way."""

    __tablename__ = "disposal_projects"
    __table_args__ = (Index("ix_disposal_projects_state", "state", "id"),)

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    way: Mapped[Way] = mapped_column(word(Way))
    state: Mapped[ProjectState] = mapped_column(word(ProjectState), default=ProjectState.DRAFT)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    """The lowest unit above all holders: who reaches it, may work on the project."""
    appraiser: Mapped[str] = mapped_column(String(200), server_default="")
    appraised_on: Mapped[dt.date | None]
    """评估基准日: the day for which the appraisal holds."""
    recipient: Mapped[str] = mapped_column(String(200), server_default="")
    """Who gets it, where it is given away or exchanged."""
    receiver_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    """The unit of this system that gets it by 无偿划转; None: somebody outside, who is only named."""
    reason: Mapped[str] = mapped_column(Text, server_default="")
    """Why it was sent back or cancelled."""
    prepared_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[Moment | None]
    created_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(server_default="1")

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    receiver: Mapped[Unit | None] = relationship(foreign_keys=[receiver_id])
    preparer: Mapped[User | None] = relationship(foreign_keys=[prepared_by])
    approver: Mapped[User | None] = relationship(foreign_keys=[approved_by])
    items: Mapped[list[ProjectItem]] = relationship(order_by="ProjectItem.id", back_populates="project")
    conditions: Mapped[list[ProjectCondition]] = relationship(order_by="ProjectCondition.id")

    __mapper_args__ = {"version_id_col": version}


class ProjectItem(Base):
    """A card of a project. It can be in one open project only."""

    __tablename__ = "project_items"
    __table_args__ = (
        UniqueConstraint("project_id", "asset_id"),
        Index("uq_project_items_open", "asset_id", unique=True, postgresql_where=text("open")),
        CheckConstraint("appraised > 0", name="appraised_positive"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("disposal_projects.id"))
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    why: Mapped[Why] = mapped_column(word(Why))
    appraised: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    defects: Mapped[str] = mapped_column(Text, server_default="")
    open: Mapped[bool] = mapped_column(server_default=text("true"))
    """False once the card left the project: sold, given away, or kept."""

    asset: Mapped[Asset] = relationship()
    project: Mapped[Project] = relationship(back_populates="items")


class ProjectCondition(Base):
    """Evidence for a condition; those that the register proves have no row."""

    __tablename__ = "project_conditions"
    __table_args__ = (UniqueConstraint("project_id", "kind"),)

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("disposal_projects.id"))
    kind: Mapped[ConditionKind] = mapped_column(word(ConditionKind))
    met: Mapped[bool]
    evidence: Mapped[str] = mapped_column(String(300))
    by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[Moment]

    author: Mapped[User | None] = relationship()
