"""Orders, what they ask for, the steps of their approval, what is kept for them, and the hand-over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, INT4RANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.assets import Asset
from marketplace.db.base import Base, Id, Json, Moment, Money, word
from marketplace.db.people import Unit, User
from marketplace.domain.orders import OrderKind, OrderState, StepState, Urgency
from marketplace.domain.permissions import Role

_ATTENTION = """CASE
    WHEN closed_at IS NOT NULL
        THEN 1000000 - ((closed_at AT TIME ZONE 'UTC'::text)::date - '2000-01-01'::date)
    WHEN answer_by IS NOT NULL THEN answer_by - '2000-01-01'::date
    WHEN state::text = 'on_loan'::text THEN COALESCE(returned_on, ends_on) - '2000-01-01'::date
    WHEN state::text = 'waiting'::text
        THEN (submitted_at AT TIME ZONE 'UTC'::text)::date - '2000-01-01'::date + 30
    ELSE (submitted_at AT TIME ZONE 'UTC'::text)::date - '2000-01-01'::date + 7
END"""
_OPEN = text("closed_at IS NULL AND number IS NOT NULL")


class OrderCounter(Base):
    """The last number given in a year: a locked row, because a sequence would leave gaps."""

    __tablename__ = "order_counters"

    year: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[OrderKind] = mapped_column(word(OrderKind), primary_key=True)
    last: Mapped[int]


class Order(Base):
    """办件: one unit asks one holder for something, for good or for a time."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("(number IS NULL) = (submitted_at IS NULL)", name="number_when_submitted"),
        CheckConstraint("ends_on >= starts_on", name="period_in_order"),
        Index("ix_orders_receiver", "receiver_unit_id", "id"),
        Index("ix_orders_giver", "giver_unit_id", "id"),
        Index("ix_orders_requester", "requester_id", "id"),
        Index("ix_orders_state", "state", "id"),
        Index("ix_orders_ends_on", "ends_on", postgresql_where=text("state = 'on_loan'")),
        Index("ix_orders_answer_by", "answer_by", postgresql_where=text("answer_by IS NOT NULL")),
        Index(
            "ix_orders_receiving",
            "receiver_unit_id",
            "state",
            postgresql_where=text("state IN ('offered', 'approved', 'on_loan')"),
        ),
        Index(
            "ix_orders_giving",
            "giver_unit_id",
            "state",
            postgresql_where=text("state IN ('waiting', 'approved', 'on_loan')"),
        ),
        Index(
            "ix_orders_asking",
            "requester_id",
            "state",
            postgresql_where=text("state IN ('offered', 'correction', 'on_loan')"),
        ),
        Index("ix_orders_open", "attention", "id", postgresql_where=_OPEN),
        Index("ix_orders_open_own", "requester_id", "attention", "id", postgresql_where=_OPEN),
        Index("ix_orders_open_receiver", "receiver_unit_id", "attention", "id", postgresql_where=_OPEN),
        Index("ix_orders_open_giver", "giver_unit_id", "attention", "id", postgresql_where=_OPEN),
        Index(
            "ix_orders_in_line", "attention", "id", postgresql_where=text("state IN ('waiting', 'offered')")
        ),
        Index(
            "ix_orders_ended",
            "attention",
            "id",
            postgresql_where=text("closed_at IS NOT NULL AND number IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    kind: Mapped[OrderKind] = mapped_column(word(OrderKind))
    state: Mapped[OrderState] = mapped_column(word(OrderState), default=OrderState.DRAFT)
    version: Mapped[int] = mapped_column(server_default="1")
    requester_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    receiver_unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    giver_unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    urgency: Mapped[Urgency] = mapped_column(word(Urgency), server_default=Urgency.NORMAL)
    starts_on: Mapped[dt.date | None]
    """First day of a loan, where the organisation is."""
    ends_on: Mapped[dt.date | None]
    """Last day of a loan; it belongs to it."""
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    """The loan that this order prolongs; its period is the added one."""
    renewals: Mapped[int] = mapped_column(server_default="0")
    round: Mapped[int] = mapped_column(server_default="0")
    """How often approval was started: each correction starts it anew."""
    policy_version: Mapped[int | None]
    """The approval policy it started with, and keeps."""
    answer_by: Mapped[dt.date | None]
    """Until when the requester has to accept an offer or to correct the order, or both sides to hand over."""
    returned_on: Mapped[dt.date | None]
    """The day on which the borrower gave the thing back, whenever the holder confirmed it."""
    created_at: Mapped[Moment]
    submitted_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]
    close_reason: Mapped[str] = mapped_column(Text, server_default="")
    attention: Mapped[int | None] = mapped_column(Computed(_ATTENTION, persisted=True), deferred=True)
    """Where it stands in a list, in days: by the day on which something must have happened (or should
    have been looked after, where no such day is set); behind all of these the ended ones, the last first."""

    requester: Mapped[User] = relationship()
    receiver: Mapped[Unit] = relationship(foreign_keys=[receiver_unit_id])
    giver: Mapped[Unit] = relationship(foreign_keys=[giver_unit_id])
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", order_by="OrderLine.id", cascade="all, delete-orphan"
    )
    steps: Mapped[list[OrderStep]] = relationship(
        order_by="OrderStep.round, OrderStep.position, OrderStep.id", cascade="all, delete-orphan"
    )
    files: Mapped[list[OrderFile]] = relationship(order_by="OrderFile.id", cascade="all, delete-orphan")
    handovers: Mapped[list[Handover]] = relationship(order_by="Handover.id")

    __mapper_args__ = {"version_id_col": version}


class OrderLine(Base):
    """One asset of an order, with what its card said when it was asked for."""

    __tablename__ = "order_lines"
    __table_args__ = (
        Index("ix_order_lines_asset", "asset_id", "order_id"),
        UniqueConstraint("order_id", "asset_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    """What is asked for; after the card was split, the part that is to move."""
    quantity: Mapped[int]
    number: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(400), server_default="")
    unit_of_measure: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(41), server_default="")
    """``edition:code``."""
    original_value: Mapped[Money]
    """Book value of the quantity asked for, not of the whole card."""
    accumulated_depreciation: Mapped[Decimal] = mapped_column(Numeric(18, 2), server_default="0")
    new_asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    """The receiver's card, once the thing has moved."""

    order: Mapped[Order] = relationship(back_populates="lines")
    asset: Mapped[Asset] = relationship(foreign_keys=[asset_id])


class OrderStep(Base):
    """One decision of an approval. Steps of one position are open at the same time."""

    __tablename__ = "order_steps"
    __table_args__ = (
        Index("ix_order_steps_order", "order_id", "round", "position"),
        Index("ix_order_steps_open", "role", "unit_id", "deadline", postgresql_where=text("state = 'open'")),
        Index("ix_order_steps_decided_by", "decided_by", "decided_at"),
        Index("ix_order_steps_deadline", "deadline", "id", postgresql_where=text("state = 'open'")),
        Index(
            *("ix_order_steps_escalated", "escalated_to", "unit_id", "deadline"),
            postgresql_where=text("state = 'open' AND escalated_to IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    round: Mapped[int]
    position: Mapped[int]
    role: Mapped[Role] = mapped_column(word(Role))
    side: Mapped[str] = mapped_column(String(10))
    """Whose step it is: ``giver`` or ``receiver``."""
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    """Whoever holds the role over this unit may decide."""
    escalated_to: Mapped[Role | None] = mapped_column(word(Role, "escalated_to"))
    """Who may decide as well since it is overdue; if they do, they take over the role."""
    state: Mapped[StepState] = mapped_column(word(StepState), default=StepState.WAITING)
    deadline_days: Mapped[int]
    remind_days: Mapped[int]
    on_overdue: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[Moment | None]
    deadline: Mapped[dt.date | None]
    """The last working day for the decision."""
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    principal_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """For whom the decider stood in."""
    comment: Mapped[str] = mapped_column(Text, server_default="")

    unit: Mapped[Unit] = relationship()
    decider: Mapped[User | None] = relationship(foreign_keys=[decided_by])
    principal: Mapped[User | None] = relationship(foreign_keys=[principal_id])

    @property
    def roles(self) -> tuple[Role, ...]:
        """Who may decide: the role of the step, and the level above once it is asked as well."""
        return tuple(filter(None, (self.role, self.escalated_to)))


class OrderFile(Base):
    """A document that supports an order, such as the record of a collective decision."""

    __tablename__ = "order_files"
    __table_args__ = (Index("ix_order_files_order", "order_id"),)

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[Moment]
    added_by: Mapped[int] = mapped_column(ForeignKey("users.id"))


class Reservation(Base):
    """Pieces of a card that are kept for an order on certain days.

    The exclusion constraint is the last word on double booking. The pair of asset and quantity refers
    to the card, so that a card can't shrink below what is reserved of it.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "asset_quantity"],
            ["assets.id", "assets.quantity"],
            name="fk_reservations_card",
            onupdate="CASCADE",
        ),
        CheckConstraint("NOT isempty(slots) AND lower(slots) >= 0", name="slots_from_zero"),
        CheckConstraint("upper(slots) <= asset_quantity", name="slots_within_card"),
        CheckConstraint("NOT isempty(during) AND lower(during) IS NOT NULL", name="some_days"),
        ExcludeConstraint(
            (func.int8range(Column("asset_id", BigInteger), Column("asset_id", BigInteger), "[]"), "&&"),
            (Column("slots", INT4RANGE), "&&"),
            (Column("during", DATERANGE), "&&"),
            name="ex_reservations_overlap",
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        Index("ix_reservations_line", "line_id"),
        Index("ix_reservations_asset", "asset_id"),
    )

    id: Mapped[Id]
    asset_id: Mapped[int] = mapped_column(BigInteger)
    asset_quantity: Mapped[int]
    line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id", ondelete="CASCADE"))
    slots: Mapped[Range[int]] = mapped_column(INT4RANGE)
    during: Mapped[Range[dt.date]] = mapped_column(DATERANGE)
    """From the first day to the day after the last; without end for a transfer."""

    line: Mapped[OrderLine] = relationship()


class Award(Base):
    """Who was given a contested thing, and why: shown to everyone who asked."""

    __tablename__ = "awards"
    __table_args__ = (Index("ix_awards_listing", "listing_id"),)

    id: Mapped[Id]
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id", ondelete="CASCADE"))
    decided_at: Mapped[Moment]
    ranking: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """In order: ``order_id``, ``unit``, ``awarded``, ``urgency``, ``same_department``, ``recent_awards``,
    ``asked_at`` and ``reason``, the first rule that put it behind the one before."""


class Handover(Base):
    """The thing changes hands, or comes back: each side confirms once."""

    __tablename__ = "handovers"
    __table_args__ = (UniqueConstraint("order_id", "direction"),)

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    direction: Mapped[str] = mapped_column(String(4))
    """``out``, or ``back`` for what was lent."""
    condition: Mapped[str] = mapped_column(String(20), server_default="")
    note: Mapped[str] = mapped_column(Text, server_default="")
    photos: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    """Digests of photos of the condition, in the order in which they were taken."""
    giver_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    giver_at: Mapped[Moment | None]
    giver_signature: Mapped[Json | None]
    receiver_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    receiver_at: Mapped[Moment | None]
    receiver_signature: Mapped[Json | None]

    giver: Mapped[User | None] = relationship(foreign_keys=[giver_id])
    receiver: Mapped[User | None] = relationship(foreign_keys=[receiver_id])


class Consent(Base):
    """The borrower of a future loan is asked to move or cancel it for a transfer."""

    __tablename__ = "consents"
    __table_args__ = (
        Index("ix_consents_loan", "loan_id"),
        Index("ix_consents_transfer", "transfer_id"),
        Index(
            "uq_consents_open",
            "transfer_id",
            "loan_id",
            unique=True,
            postgresql_where=text("answered_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    transfer_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    """The order that waits."""
    loan_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    starts_on: Mapped[dt.date | None]
    """Other days that are proposed; None: to cancel."""
    ends_on: Mapped[dt.date | None]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    asked_at: Mapped[Moment]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[Moment | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    agreed: Mapped[bool | None]


class DamageCase(Base):
    """Something came back damaged: what, and what the borrower pays (domain rules, section 4)."""

    __tablename__ = "damage_cases"
    __table_args__ = (
        Index("ix_damage_cases_order", "order_id"),
        Index("ix_damage_cases_open", "order_id", postgresql_where=text("settled_at IS NULL")),
        CheckConstraint("compensation >= 0", name="compensation_not_negative"),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    description: Mapped[str] = mapped_column(Text)
    compensation: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    """CNY; None until it is agreed."""
    opened_at: Mapped[Moment]
    opened_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    settlement: Mapped[str] = mapped_column(Text, server_default="")
