"""Idle flags, what they are made by, and the timetable of what is on offer for good."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.assets import Asset
from marketplace.db.base import Base, Id, Json, Moment, word
from marketplace.db.people import Unit, User
from marketplace.domain.idle import Answer, IdlePolicy, IdleRule, OnSilence, Review
from marketplace.domain.timetable import Stage


class IdlePolicyRow(Base):
    """What an administrator set for a category; while there is no row, the built-in policy holds."""

    __tablename__ = "idle_policies"

    category: Mapped[str] = mapped_column(String(41), primary_key=True)
    """``edition:code``; empty for all categories without a policy of their own."""
    days_unused: Mapped[int]
    answer_days: Mapped[int]
    on_silence: Mapped[OnSilence] = mapped_column(word(OnSilence))
    quiet_days: Mapped[int]
    own_department_days: Mapped[int]
    everyone_days: Mapped[int]
    donation_days: Mapped[int]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}

    def as_policy(self) -> IdlePolicy:
        """The row as the rules see it."""
        return IdlePolicy(
            category=self.category,
            days_unused=self.days_unused,
            answer_days=self.answer_days,
            on_silence=self.on_silence,
            quiet_days=self.quiet_days,
            own_department_days=self.own_department_days,
            everyone_days=self.everyone_days,
            donation_days=self.donation_days,
        )


class IdleFlag(Base):
    """An asset that seems to be idle, by which rule, on what evidence, and what came of asking."""

    __tablename__ = "idle_flags"
    __table_args__ = (
        Index("uq_idle_flags_open", "asset_id", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_idle_flags_asset", "asset_id", "id"),
        Index("ix_idle_flags_unit", "unit_id", "answer_by", "id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_idle_flags_open", "answer_by", "id", postgresql_where=text("closed_at IS NULL")),
        Index(
            "ix_idle_flags_objected",
            "unit_id",
            "id",
            postgresql_where=text("closed_at IS NULL AND answer = 'objected'"),
        ),
        Index("ix_idle_flags_flagged", "flagged_at", "unit_id"),
        Index("ix_idle_flags_closed", "closed_at", "id", postgresql_where=text("closed_at IS NOT NULL")),
        Index(
            "ix_idle_flags_quiet",
            "asset_id",
            "quiet_until",
            postgresql_where=text("quiet_until IS NOT NULL"),
        ),
        CheckConstraint("review IS NULL OR reason <> ''", name="review_of_a_reason"),
    )

    id: Mapped[Id]
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"))
    unit_id: Mapped[int] = mapped_column(BigInteger)
    """The holder: a card never changes its unit."""
    rule: Mapped[IdleRule] = mapped_column(word(IdleRule))
    evidence: Mapped[Json]
    """What the rule found, by name; amounts as numbers, days as ISO text."""
    flagged_at: Mapped[Moment]
    answer_by: Mapped[dt.date]
    """The last working day to answer."""
    on_silence: Mapped[OnSilence] = mapped_column(word(OnSilence))
    quiet_days: Mapped[int]
    """As the policy said when it was flagged."""
    answer: Mapped[Answer | None] = mapped_column(word(Answer))
    answered_at: Mapped[Moment | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    """Why the holder objects."""
    review: Mapped[Review | None] = mapped_column(word(Review))
    reviewed_at: Mapped[Moment | None]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    review_note: Mapped[str] = mapped_column(Text, server_default="")
    quiet_until: Mapped[dt.date | None]
    """The last day on which the asset isn't asked about again."""
    closed_at: Mapped[Moment | None]

    asset: Mapped[Asset] = relationship()
    unit: Mapped[Unit] = relationship(primaryjoin="foreign(IdleFlag.unit_id) == Unit.id", viewonly=True)
    answerer: Mapped[User | None] = relationship(foreign_keys=[answered_by])
    reviewer: Mapped[User | None] = relationship(foreign_keys=[reviewed_by])


class Event(Base):
    """A large event or a temporary body (大型活动、临时机构): what was bought for it comes back."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_unit", "unit_id", "ends_on", "id"),
        Index("ix_events_ends_on", "ends_on"),
    )

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    name: Mapped[str] = mapped_column(String(120))
    basis: Mapped[str] = mapped_column(String(200), server_default="")
    """The document that set it up."""
    ends_on: Mapped[dt.date]
    """The last day of it."""
    created_at: Mapped[Moment]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(server_default="1")

    unit: Mapped[Unit] = relationship()

    __mapper_args__ = {"version_id_col": version}


class Screening(Base):
    """Where an offer for good stands in its timetable; it ends with its listing."""

    __tablename__ = "screenings"
    __table_args__ = (
        UniqueConstraint("listing_id"),
        Index("ix_screenings_asset", "asset_id", "id"),
        Index("ix_screenings_until", "stage_until", postgresql_where=text("stage_until IS NOT NULL")),
        Index("ix_screenings_held", "id", postgresql_where=text("held")),
        CheckConstraint(
            "(stage = 'disposal' AND stage_until IS NULL AND days_left IS NULL)"
            " OR (stage <> 'disposal' AND (stage_until IS NULL) <> (days_left IS NULL))",
            name="runs_or_stands",
        ),
        CheckConstraint("(days_left IS NULL) = (stopped_on IS NULL)", name="stopped_since"),
    )

    id: Mapped[Id]
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id", ondelete="CASCADE"))
    stage: Mapped[Stage] = mapped_column(word(Stage))
    stage_since: Mapped[dt.date]
    """The day after which the stage's working days are counted."""
    stage_until: Mapped[dt.date | None]
    """The last working day of the stage; None while the clock is stopped."""
    days_left: Mapped[int | None]
    """Working days that remain when the clock goes on."""
    stopped_on: Mapped[dt.date | None]
    held: Mapped[bool] = mapped_column(server_default=text("false"))
    """Stopped by itself, because somebody asks for the thing or has it; goes on by itself."""
    reason: Mapped[str] = mapped_column(Text, server_default="")
    """Why somebody stopped it or skipped a stage, the last time."""
    changed_at: Mapped[Moment]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


def ruled(columns: str) -> str:
    """SQL that gives every class its policy: ``ruled``, with a row of empty texts for cards without a class.

    ``:policies`` is a JSON list with a ``category`` and ``columns`` for each policy, that of all other
    classes included. The same rule in Python is :func:`marketplace.domain.idle.policy_of`.
    """
    return f"""
    policy AS (
        SELECT * FROM jsonb_to_recordset(CAST(:policies AS jsonb)) AS p (category varchar, {columns})
    ),
    ruled AS MATERIALIZED (
        SELECT c.edition, c.code, nearest.*
        FROM (
            SELECT edition, code, path FROM categories
            UNION ALL SELECT '', '', ARRAY[]::varchar[]
        ) AS c
        CROSS JOIN LATERAL (
            SELECT p.*
            FROM policy p
            WHERE p.category = ''
               OR p.category = ANY (ARRAY(SELECT c.edition || ':' || above FROM unnest(c.path) AS above))
            ORDER BY array_position(c.path, split_part(p.category, ':', 2)::varchar) DESC NULLS LAST
            LIMIT 1
        ) AS nearest
    )"""
