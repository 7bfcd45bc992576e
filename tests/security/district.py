"""A region in which one department has something of everything, and another has people of every role."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.assets import Asset, Photo
from marketplace.db.disposals import Project
from marketplace.db.orders import DamageCase, Order
from marketplace.db.people import ApiToken, Unit
from marketplace.domain.events import EventDetails
from marketplace.domain.finding import Mode
from marketplace.domain.idle import Answer
from marketplace.domain.listings import Offer
from marketplace.domain.orders import OrderAction, OrderKind
from marketplace.domain.permissions import PLATFORM, SEPARATE_ADMINISTRATORS, Role
from marketplace.media.images import SIZES, prepare
from marketplace.media.store import FolderStore, key
from marketplace.use_cases import (
    auction_files,
    decisions,
    events,
    handover_photos,
    handovers,
    listings,
    loans,
    messages,
    order_drafts,
    order_files,
    papers,
    register_import,
    saved_views,
    stand_ins,
)
from marketplace.use_cases.accounts import issue_token
from tests import factories
from tests.conftest import NOW
from tests.jobs.office_that_forgets import flag, unremitted
from tests.media.pictures import encoded, quarters
from tests.registers.samples import write_csv
from tests.use_cases.ordering import SIGNATURE, TODAY, Town, found_town
from tests.use_cases.selling import ZONE, Office

MARK = "内部7Q9"
"""Stands in everything of the first department that others may not know of."""
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
WITHIN = Offer(modes=frozenset({Mode.TRANSFER, Mode.LOAN}), own_department_only=True, note=MARK)


@dataclass
class District:
    """Who is there, and the ids of what they have, by the name that addresses give it."""

    secret: str
    users: dict[str, str] = field(default_factory=dict)
    """User name by ``unit.role``, and of everyone else by the role alone."""
    user_ids: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """API token of each of :attr:`users`."""
    ids: dict[str, list[int | str]] = field(default_factory=dict)
    """What the first department has that others may not touch: every value of each parameter."""
    codes: dict[str, str] = field(default_factory=dict)
    """Codes of units by short name."""


def found(session: Session, settings: Settings, folder: Path) -> District:
    """Everything, in one transaction."""
    town = found_town(session)
    region = town.users["manager"].home_unit
    bureau = session.get_one(Unit, town.units["A"].parent_id)
    town.users["second"] = factories.user(session, region, Role.WAREHOUSE_MANAGER)
    town.users["auditor"] = factories.user(session, region, Role.AUDITOR)
    town.users["security"] = factories.user(session, region, Role.SECURITY_ADMINISTRATOR)
    made = District(secret=settings.secret_key)
    made.codes = {name: unit.code for name, unit in town.units.items()} | {"bureau": bureau.code}
    store = FolderStore(settings.media_dir)
    made.ids["asset_id"] = _cards(town, store)
    made.ids["photo_id"] = list(session.scalars(select(Photo.id)))
    made.ids["digest"] = list(session.scalars(select(Photo.digest).distinct()))
    _orders(town, made, store)
    _waiting(town, made, folder, settings)
    _sales(town, made)
    for name in ("A.staff", "A.officer", "A.approver"):
        town.users[name].name += MARK
    made.ids["unit_id"] = [bureau.id, town.units["A"].id, region.id]
    made.ids["user_id"] = [town.users[name].id for name in ("A.staff", "A.officer", "manager")]
    _people(town, made)
    return made


def _cards(town: Town, store: FolderStore) -> list[int | str]:
    """A card that is not on offer, with a photo, and one that is offered within the department."""
    session, school = town.session, town.units["A"]
    kept = factories.asset(session, school, f"保险柜{MARK}", location=MARK, note=MARK, brand=MARK)
    within = factories.asset(session, school, f"投影仪{MARK}")
    listings.list_asset(session, PLATFORM, NOW, within.id, WITHIN)
    for card, colour in ((kept, 30), (within, 90)):
        _photograph(session, store, card, colour)
    return [kept.id, within.id]


def _photograph(session: Session, store: FolderStore, card: Asset, colour: int) -> None:
    image = quarters()
    image.paste((colour, 90, 200), (0, 0, 40, 40))
    picture = prepare(encoded(image, "JPEG"))
    for size in SIZES:
        store.put(key(picture.digest, size), picture.files[size])
    session.add(
        Photo(
            asset_id=card.id,
            position=0,
            digest=picture.digest,
            fingerprint=picture.fingerprint,
            width=picture.width,
            height=picture.height,
            caption=MARK,
            uploaded_at=NOW,
        )
    )
    session.flush()


def _orders(town: Town, made: District, store: FolderStore) -> None:
    """An order at every point at which something can be done with it, between schools of one department."""
    draft = _draft(town, made)
    back = town.submitted(town.listed(offer=WITHIN, name=f"己{MARK}"))
    approver = town.actor("B.approver")
    decisions.decide(town.session, approver, NOW, TODAY, back.id, OrderAction.SEND_BACK, MARK)
    asked = town.submitted(town.listed(offer=WITHIN, name=f"甲{MARK}"))
    agreed = town.approved(town.listed(offer=WITHIN, name=f"乙{MARK}"))
    officer = town.actor("A.officer")
    photo = encoded(quarters(120, 90), "JPEG")
    digest = handover_photos.add(town.session, store, officer, NOW, TODAY, agreed.id, "out", photo)
    for endpoint in ("handover_photos.photo", "handover_photos.remove_photo"):
        made.ids[f"{endpoint}.digest"] = [digest]
    lent = town.handed_over(town.approved(town.listed(offer=WITHIN, name=f"丙{MARK}"), kind=OrderKind.LOAN))
    broken = handovers.Confirmation(signature=SIGNATURE, damage=MARK)
    handovers.give_back(town.session, town.actor("A.officer"), NOW, TODAY, lent.id, broken)
    contested = town.listed(offer=WITHIN, name=f"丁{MARK}")
    loan = town.submitted(contested, "C.staff", kind=OrderKind.LOAN, days=(30, 40))
    transfer = town.submitted(contested)
    consent = loans.ask_consent(town.session, officer, NOW, TODAY, transfer.id, loan.id, MARK)
    town.session.flush()
    orders = [draft, back, asked, agreed, lent, loan, transfer]
    made.ids["order_id"] = [order.id for order in orders]
    made.ids["loan_id"] = [loan.id]
    made.ids["case_id"] = list(town.session.scalars(select(DamageCase.id)))
    steps = [step.id for order in orders for step in order.steps]
    made.ids["number"] = [*steps, *made.ids["order_id"], consent.id]
    papers.issue_for_order(town.session, town.actor("B.staff"), NOW, ZONE, made.secret, agreed.id)


def _draft(town: Town, made: District) -> Order:
    """A wish that was not sent, with a document."""
    order = town.wish(town.listed(offer=WITHIN, name=f"戊{MARK}"))
    details = order_drafts.Details(reason=MARK)
    staff = town.actor("B.staff")
    order_drafts.save(town.session, staff, order.id, details)
    file = order_files.attach(town.session, staff, NOW, order.id, f"{MARK}.pdf", PDF)
    made.ids["file_id"] = [file.id]
    return order


def _waiting(town: Town, made: District, folder: Path, settings: Settings) -> None:
    """Flags, an event, an import, and what somebody keeps for himself."""
    session, school = town.session, town.units["A"]
    officer, user = town.actor("A.officer"), town.users["A.officer"]
    evidence = {"since": "2026-01-01", "sign": "loan", "days": 243, "limit": 180}
    objected = flag(session, school, TODAY + dt.timedelta(days=9), reason=MARK, answer=Answer.OBJECTED)
    asked = flag(session, school, TODAY + dt.timedelta(days=9))
    asked.evidence = objected.evidence = evidence
    made.ids["flag_id"] = [asked.id, objected.id]
    details = EventDetails(f"校庆{MARK}", TODAY + dt.timedelta(days=30), MARK)
    made.ids["event_id"] = [events.create(session, officer, NOW, school.code, details).id]
    register = write_csv(folder / "register.csv", [["资产编号", "资产名称"], ["QH-1", MARK], ["=1+1", ""]])
    run = register_import.begin(session, settings, officer, NOW, school, register, f"{MARK}.csv")
    made.ids["run_id"] = [run.id]
    saved_views.save(session, officer, NOW, MARK, f"q={MARK}")
    made.ids["view_id"] = [view.id for view in saved_views.views_of(session, officer)]
    params = {"number": MARK, "order_kind": "transfer", "things": [MARK]}
    messages.tell(session, NOW, [user.id], "order.expired", link=f"/search?q={MARK}", **params)
    made.ids["message_id"] = [one.id for one in messages.search(session, officer)[0]]
    issue_token(session, officer, NOW, user, MARK)
    made.ids["token_id"] = list(session.scalars(select(ApiToken.id)))
    approver = town.users["A.approver"]
    wanted = {"stand_in": town.users["B.approver"].username, "starts_on": "2026-09-07"}
    wanted |= {"ends_on": "2026-09-11", "reason": MARK}
    stand_in = stand_ins.name_stand_in(session, town.actor("A.approver"), NOW, TODAY, wanted)
    assert stand_in.user_id == approver.id
    made.ids["stand_in_id"] = [stand_in.id]


def _sales(town: Town, made: District) -> None:
    """A project in preparation, an auction's draft with a file, and a lot that was sold."""
    office = Office(town.session, town.units["A"], *(town.actor(n) for n in ("manager", "second", "finance")))
    project = office.project(office.card(f"轿车{MARK}"))
    project.title = MARK
    auction = office.draft(office.card(f"卡车{MARK}"))
    file = auction_files.attach(town.session, office.manager, NOW, auction.id, f"{MARK}.pdf", PDF)
    made.ids["file_id"].append(file.id)
    sold = unremitted(office)
    made.ids["project_id"] = list(town.session.scalars(select(Project.id)))
    made.ids["auction_id"] = [auction.id, sold.auction_id]
    for endpoint in (
        "api.auction",
        "public_auctions.page",
        "public_auctions.version",
        "auction_files.of_notice",
    ):
        made.ids[f"{endpoint}.number"] = [auction.number]
    made.ids["auction_files.of_notice.digest"] = [file.digest]
    made.ids["lot_id"] = [*(lot.id for lot in auction.lots), sold.id]


def _people(town: Town, made: District) -> None:
    """Tokens for everyone, and somebody of every role at the hospital of the other department."""
    for role in Role:
        town.users[f"H.{role}"] = factories.user(town.session, town.units["H"], role)
    business = frozenset(Role) - SEPARATE_ADMINISTRATORS
    town.users["H.all"] = factories.user(town.session, town.units["H"], *business)
    for name, user in town.users.items():
        made.users[name], made.user_ids[name] = user.username, user.id
        made.tokens[name] = issue_token(town.session, PLATFORM, NOW, user, "test")
