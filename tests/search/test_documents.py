"""What a search document carries."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing, Photo
from marketplace.domain.assets import CLASSIFIED, Secrecy
from marketplace.domain.states import AssetState
from search import documents, lines, schema
from tests import factories
from tests.conftest import NOW


def one(session: Session, asset: Asset) -> documents.Document:
    [document] = documents.by_ids(session, [asset.id])
    return document


def sent(session: Session, asset: Asset) -> dict[str, Any]:
    """The document as the engine gets it, and what its card shows."""
    document = orjson.loads(lines.line(one(session, asset)))
    card = orjson.loads(document.pop("card"))
    assert all(document[name] == value for name, value in card.items() if name in document)
    return card | document


def test_a_document_says_all_that_a_result_shows(session: Session) -> None:
    region = factories.unit(session, region_code="340100", region_name="合肥市")
    bureau = factories.unit(session, region)
    office = factories.unit(
        session, bureau, name="市财政局", short_name="财政局", latitude=31.8, longitude=117.2
    )
    kind = factories.category(session, "T0102", "便携机", edition="x", above=["T", "T01"])
    card = factories.listed(
        session,
        office,
        "便携机",
        category_edition=kind.edition,
        category_code=kind.code,
        original_value="12345.60",
        accumulated_depreciation="45.60",
        acquired_on=dt.date(2020, 5, 6),
        quantity=3,
        audience=bureau,
        for_loan=False,
    )
    document = sent(session, card)
    assert set(document) == {*lines.SHOWN, *schema.INDEXED, "hash"}
    assert document["category"] == "x:T0102"
    assert document["category_path"] == ["x:T", "x:T01", "x:T0102"]
    assert document["unit_path"] == [region.id, bureau.id, office.id]
    assert set(document["unit_codes"]) == {region.code, bureau.code, office.code}
    assert (document["listed"], document["modes"], document["audience"]) == (True, ["transfer"], [bureau.id])
    assert (document["quantity"], document["listed_quantity"]) == (3, 3)
    assert (document["original_value"], document["original_value_text"]) == (12345.6, "12345.60")
    assert (document["net_value_text"], document["value_band"]) == ("12300.00", "10000-50000")
    assert (document["acquired_on"], document["year"]) == ("2020-05-06", 2020)
    assert document["listed_at"] == int(NOW.timestamp())
    assert document["_geo"] == {"lat": 31.8, "lng": 117.2}


def test_a_blank_card_has_a_document(session: Session) -> None:
    card = factories.asset(session, factories.unit(session), location=None, acquired_on=None)
    document = sent(session, card)
    assert (document["listed"], document["audience"], document["modes"]) == (False, [], [])
    assert (document["category"], document["year"], document["listed_at"]) == (None, None, None)
    assert document["_geo"] is None


@pytest.mark.parametrize("secrecy", sorted(CLASSIFIED))
def test_what_is_classified_is_not_listed(session: Session, secrecy: Secrecy) -> None:
    card = factories.listed(session, factories.unit(session), secrecy=secrecy)
    document = one(session, card)
    assert (document["listed"], document["audience"], document["modes"]) == (False, [], [])
    assert (document["place"], document["listed_quantity"]) == (None, None)


@pytest.mark.parametrize("state", sorted(set(AssetState) - {AssetState.LISTED}))
def test_only_the_state_of_a_listing_is_listed(session: Session, state: AssetState) -> None:
    card = factories.listed(session, factories.unit(session))
    card.state = state
    session.flush()
    assert one(session, card)["listed"] is False


def test_only_the_open_listing_counts(session: Session) -> None:
    card = factories.listed(session, factories.unit(session))
    old = {"asset_id": card.id, "for_transfer": False, "for_loan": True, "quantity": 9, "listed_at": NOW}
    session.execute(insert(Listing).values(**old, ended_at=NOW))
    assert one(session, card)["listed_quantity"] == 1


def test_the_cover_and_the_number_of_photos(session: Session) -> None:
    card = factories.asset(session, factories.unit(session))
    photo = {
        "asset_id": card.id,
        "position": 1,
        "fingerprint": 0,
        "width": 1,
        "height": 1,
        "uploaded_at": NOW,
    }
    made = [
        session.scalars(
            insert(Photo).values(**photo, digest=name * 64, removed_at=removed).returning(Photo.id)
        ).one()
        for name, removed in (("a", None), ("b", None), ("c", NOW))
    ]
    card.cover_photo_id = made[1]
    session.flush()
    document = one(session, card)
    assert (document["cover"], document["photo_count"]) == ("b" * 64, 2)
    card.cover_photo_id = made[2]
    session.flush()
    assert one(session, card)["cover"] is None


def test_everyday_names_come_with_their_spellings(session: Session) -> None:
    factories.synonyms(session, "便携式计算机", "笔记本", "laptop")
    factories.synonyms(session, "办公桌", "电脑桌")
    factories.synonyms(session, "台式计算机", "电脑")
    unit = factories.unit(session)
    laptop = one(session, factories.asset(session, unit, "旧便携式计算机"))
    assert laptop["aliases"] == ["便携式计算机", "笔记本", "laptop"]
    assert {"bijiben", "bianxieshijisuanji", "bi ji ben"} <= set(laptop["pinyin"])
    assert "bjb" in laptop["initials"]
    # The longest word decides: a desk for computers is no computer.
    assert one(session, factories.asset(session, unit, "实木电脑桌"))["aliases"] == ["办公桌", "电脑桌"]


def test_names_of_a_class_find_what_is_called_otherwise(session: Session) -> None:
    factories.synonyms(session, "便携式计算机", "笔记本")
    kind = factories.category(session, "T9", "便携式计算机", edition="x")
    key = {"category_edition": kind.edition, "category_code": kind.code}
    card = factories.asset(session, factories.unit(session), "ThinkPad", **key)
    assert one(session, card)["aliases"] == ["便携式计算机", "笔记本"]


def test_the_hash_tells_documents_apart(session: Session) -> None:
    card = factories.asset(session, factories.unit(session))
    before = lines.content_hash(one(session, card))
    assert orjson.loads(lines.line(one(session, card)))["hash"] == before
    assert lines.has_shape(before)
    assert not lines.has_shape("0" + before)
    card.unit.name = "另一个单位"
    session.flush()
    assert lines.content_hash(one(session, card)) != before


def test_the_number_of_statements_does_not_grow(session: Session) -> None:
    holders = [factories.unit(session) for _ in range(3)]
    made = [factories.listed(session, holder).id for holder in holders for _ in range(4)]
    connection = session.connection()

    def statements(assets: list[int]) -> int:
        said: list[str] = []

        def listen(*args: object) -> None:
            said.append(str(args[2]))

        event.listen(connection, "before_cursor_execute", listen)
        assert len(list(documents.by_ids(session, assets))) == len(assets)
        event.remove(connection, "before_cursor_execute", listen)
        return len(said)

    assert statements(made) == statements(made[:1])
