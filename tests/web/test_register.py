"""资产 as a browser gets it: the table, its filters and views, mending a row, offering many, the export."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.assets import Asset, Listing
from marketplace.db.audit import AuditEntry
from marketplace.db.people import RoleGrant, Unit, User
from marketplace.db.session import transaction
from marketplace.domain.assets import Condition, Secrecy
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from marketplace.use_cases import assets, register_import, register_preview, register_worker
from search import indexer
from search.engine import Engine
from search.finder import HITS_AT_ONCE
from tests import factories
from tests.conftest import NOW
from tests.web.conftest import Visitor, World

PART = {"HX-Request": "true"}
Make = Callable[[Session, dict[str, Unit]], object]
Stock = Callable[[Make], None]


@pytest.fixture
def stock(world: World, settings: Settings) -> Stock:
    """Puts cards into database and index."""
    index = Engine(settings)
    index.wait(index.call("DELETE", f"/indexes/{index.index}/documents"))

    def fill(make: Make) -> None:
        with transaction(world.sessions) as session:
            make(session, {code: session.get_one(Unit, key) for code, key in world.units.items()})
            indexer.write(session, index, index.index, session.scalars(select(Asset.id)).all())

    return fill


def _a_few_cards(session: Session, units: dict[str, Unit]) -> None:
    factories.asset(session, units["JY-1"], "办公桌", number="A-1", original_value="1200.00", note="靠窗")
    factories.asset(session, units["JY-1"], "文件柜", number="A-2", original_value="800.00")
    factories.listed(session, units["JY-1"], "投影仪", number="A-3", original_value="5400.00")
    factories.asset(session, units["JY-2"], "会议桌", number="B-1")
    factories.listed(session, units["JY-2"], "讲台", number="B-2")


@pytest.fixture
def officer(world: World, stock: Stock) -> Visitor:
    """The asset officer of a school with three cards."""
    stock(_a_few_cards)
    return world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")


@pytest.fixture
def ids(world: World, officer: Visitor) -> dict[str, int]:
    """The cards' ids by their numbers."""
    with world.sessions() as session:
        return dict(session.execute(select(Asset.number, Asset.id)).all())


def names(html: str) -> list[str]:
    """Names in the table, in order."""
    found = re.findall(r"data-result>(.*?)</a>", html)
    return [re.sub(r"<[^>]+>", "", unescape(name)) for name in found]


def card(world: World, asset_id: int) -> Asset:
    with world.sessions() as session:
        return session.get_one(Asset, asset_id)


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found
    return unescape(found[1])


def edited(form: str, **typed: str) -> dict[str, str]:
    """What the row's form sends when these fields were typed over."""
    kept = dict(re.findall(r'name="(location|using_department|using_person)"[^>]*? value="([^"]*)"', form))
    kept |= dict.fromkeys(("location", "using_department", "using_person"), "") | kept
    return {
        **kept,
        "condition": "good",
        "use_status": "in_use",
        "version": hidden(form, "version"),
        "base": hidden(form, "base"),
        **typed,
    }


class TestTable:
    def test_it_holds_the_whole_register_of_the_own_scope(self, officer: Visitor) -> None:
        page = officer.get("/assets").text
        assert sorted(names(page)) == sorted(["办公桌", "文件柜", "投影仪"])
        assert "共 3 项" in page
        for shown in ("A-1", "¥1,200.00", "主楼301室", "在仓", "在用"):
            assert shown in page

    def test_the_address_can_not_widen_it(self, officer: Visitor) -> None:
        widened = officer.get("/assets?listed=1").text
        assert "共 3 项" in widened
        assert "讲台" not in widened
        assert "讲台" not in officer.get("/assets?unit=JY-2").text

    def test_a_department_sees_its_units(self, world: World, officer: Visitor) -> None:
        page = world.signed_in(Role.DEPARTMENT_APPROVER, at="JY").get("/assets").text
        assert sorted(names(page)) == sorted(["办公桌", "文件柜", "投影仪", "会议桌", "讲台"])
        assert "第二中学" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("state=listed", ["投影仪"]),
            ("max_value=1000", ["文件柜"]),
            ("q=toumou", []),
            ("q=touyingyi", ["投影仪"]),
            ("sort=value_high", ["投影仪", "办公桌", "文件柜"]),
            ("sort=value_low", ["文件柜", "办公桌", "投影仪"]),
        ],
    )
    def test_filters_words_and_order_stand_in_the_address(
        self, officer: Visitor, query: str, found: list[str]
    ) -> None:
        assert names(officer.get(f"/assets?{query}").text) == found

    def test_while_typing_only_what_changes_is_answered(self, officer: Visitor) -> None:
        answer = officer.get("/assets?q=柜&sort=relevance", headers=PART)
        assert "<html" not in answer.text
        assert names(answer.text) == ["文件柜"]
        assert 'hx-target="#facets"' in answer.text
        assert answer.headers["HX-Push-Url"].startswith("/assets?q=")

    def test_what_can_not_be_read_is_named_and_left_aside(self, officer: Visitor) -> None:
        page = officer.get("/assets?max_value=很多&state=listed")
        assert page.status_code == 200
        assert "应为金额" in page.text
        assert names(page.text) == ["投影仪"]

    def test_the_next_rows_follow_without_gap_or_repeat(self, world: World, stock: Stock) -> None:
        def many(session: Session, units: dict[str, Unit]) -> None:
            for number in range(70):
                factories.asset(session, units["JY-1"], f"椅子{number:02d}")

        stock(many)
        officer = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")
        first = officer.get("/assets?sort=name").text
        link = re.search(r'hx-get="(/assets\?[^"]*cursor=[^"]*)"', first)
        assert link
        more = officer.get(unescape(link[1]), headers=PART)
        assert [*names(first), *names(more.text)] == [f"椅子{number:02d}" for number in range(70)]
        assert "<form" not in more.text
        assert "已全部显示" in more.text
        assert more.headers["HX-Replace-Url"] == "/assets?sort=name&shown=70"

    def test_rows_are_as_the_database_has_them(
        self, world: World, officer: Visitor, ids: dict[str, int]
    ) -> None:
        with transaction(world.sessions) as session:
            session.get_one(Asset, ids["A-1"]).location = "刚搬到的库房"
        assert "刚搬到的库房" in officer.get("/assets").text

    def test_an_empty_register_says_where_to_begin(self, world: World, stock: Stock) -> None:
        page = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1").get("/assets").text
        assert "还没有资产卡片" in page
        assert 'href="/imports"' in page
        assert 'href="/assets/new"' in page
        staff = world.signed_in(Role.STAFF, at="JY-1").get("/assets").text
        assert "还没有资产卡片" in staff
        assert 'href="/assets/new"' not in staff

    def test_nothing_found_says_what_to_try(self, officer: Visitor) -> None:
        page = officer.get("/assets?q=直升机&state=in_use").text
        assert "没有找到“直升机”" in page
        assert "还没有资产卡片" not in page

    @pytest.mark.parametrize(
        ("role", "lists", "mends", "exports"),
        [
            (Role.UNIT_ASSET_OFFICER, True, True, True),
            (Role.WAREHOUSE_MANAGER, True, False, True),
            (Role.UNIT_APPROVER, False, False, True),
            (Role.STAFF, False, False, False),
        ],
    )
    def test_everybody_is_offered_what_they_may_do(
        self, world: World, officer: Visitor, role: Role, lists: bool, mends: bool, exports: bool
    ) -> None:
        page = world.signed_in(role, at="JY-1").get("/assets").text
        assert len(names(page)) == 3
        assert ('formaction="/assets/bulk/offer"' in page) is lists
        assert ("/row/edit" in page) is mends
        assert ("/assets/export.csv" in page) is exports

    @pytest.mark.parametrize("role", [Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR])
    def test_administrators_have_no_register(self, world: World, officer: Visitor, role: Role) -> None:
        assert world.signed_in(role, at="330000").get("/assets").status_code == 403


class TestRow:
    def test_it_opens_as_a_form_and_closes_again(self, officer: Visitor, ids: dict[str, int]) -> None:
        form = officer.get(f"/assets/{ids['A-1']}/row/edit", headers=PART).text
        assert 'value="主楼301室"' in form
        assert "靠窗</textarea>" in form
        row = officer.get(f"/assets/{ids['A-1']}/row", headers=PART).text
        assert names(row) == ["办公桌"]
        assert "<form" not in row

    def test_without_scripts_the_whole_card_opens(self, officer: Visitor, ids: dict[str, int]) -> None:
        answer = officer.get(f"/assets/{ids['A-1']}/row/edit")
        assert answer.location == f"/assets/{ids['A-1']}/edit"

    def test_what_is_saved_shows_at_once(self, world: World, officer: Visitor, ids: dict[str, int]) -> None:
        path = f"/assets/{ids['A-1']}/row"
        form = officer.get(f"{path}/edit", headers=PART).text
        typed = edited(form, location="附楼库房", using_person="李强", condition="repair", note="")
        answer = officer.post(path, typed, headers=PART)
        assert answer.status_code == 200
        assert "附楼库房" in answer.text
        assert json.loads(answer.headers["HX-Trigger"])["toast"]["tone"] == "ok"
        saved = card(world, ids["A-1"])
        assert (saved.location, saved.using_person, saved.note) == ("附楼库房", "李强", None)
        assert saved.condition is Condition.REPAIR
        assert (saved.number, str(saved.original_value)) == ("A-1", "1200.00")

    def test_a_mistake_stays_where_it_was_typed(
        self, world: World, officer: Visitor, ids: dict[str, int]
    ) -> None:
        path = f"/assets/{ids['A-1']}/row"
        form = officer.get(f"{path}/edit", headers=PART).text
        answer = officer.post(path, edited(form, location="", using_person="李强"), headers=PART)
        assert answer.status_code == 422
        assert "必填" in answer.text
        assert 'value="李强"' in answer.text
        assert card(world, ids["A-1"]).using_person is None

    def test_who_was_faster_is_not_overwritten_unseen(
        self, world: World, officer: Visitor, ids: dict[str, int]
    ) -> None:
        path = f"/assets/{ids['A-1']}/row"
        form = officer.get(f"{path}/edit", headers=PART).text
        colleague = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")
        theirs = colleague.get(f"{path}/edit", headers=PART).text
        assert colleague.post(path, edited(theirs, location="甲处"), headers=PART).status_code == 200

        answer = officer.post(path, edited(form, location="乙处"), headers=PART)
        assert answer.status_code == 409
        assert "存放地点现在是“甲处”，您填的是“乙处”" in answer.text
        assert card(world, ids["A-1"]).location == "甲处"

        again = officer.post(path, edited(answer.text, location="乙处"), headers=PART)
        assert again.status_code == 200
        assert card(world, ids["A-1"]).location == "乙处"

    def test_a_change_elsewhere_on_the_card_is_no_conflict(
        self, world: World, officer: Visitor, ids: dict[str, int]
    ) -> None:
        path = f"/assets/{ids['A-1']}/row"
        form = officer.get(f"{path}/edit", headers=PART).text
        with transaction(world.sessions) as session:
            user = session.scalar(select(User).limit(1))
            actor = factories.actor(
                (Role.UNIT_ASSET_OFFICER, session.get_one(Unit, world.units["JY-1"])), user=user
            )
            assets.edit(session, actor, NOW, ids["A-1"], None, {"brand": "震旦"})
        assert officer.post(path, edited(form, location="乙处"), headers=PART).status_code == 200
        assert (card(world, ids["A-1"]).location, card(world, ids["A-1"]).brand) == ("乙处", "震旦")

    def test_only_the_holder_mends(self, world: World, officer: Visitor, ids: dict[str, int]) -> None:
        for visitor, number, status in (
            (world.signed_in(Role.STAFF, at="JY-1"), "A-1", 403),
            (officer, "B-1", 404),
            (officer, "B-2", 403),
        ):
            answer = visitor.post(f"/assets/{ids[number]}/row", {"location": "乙处"}, headers=PART)
            assert answer.status_code == status
            assert card(world, ids[number]).location == "主楼301室"
        assert officer.get(f"/assets/{ids['B-1']}/row", headers=PART).status_code == 404

    def test_other_fields_of_the_card_are_not_reached(
        self, world: World, officer: Visitor, ids: dict[str, int]
    ) -> None:
        path = f"/assets/{ids['A-1']}/row"
        form = officer.get(f"{path}/edit", headers=PART).text
        officer.post(path, edited(form, original_value="1.00", number="X"), headers=PART)
        assert (card(world, ids["A-1"]).number, str(card(world, ids["A-1"]).original_value)) == (
            "A-1",
            "1200.00",
        )


OFFER: dict[str, Any] = {
    "modes": ["transfer"],
    "contact_name": "王芳",
    "note": "全部完好",
    "audience": "everyone",
}


class TestBulkListing:
    def test_the_chosen_are_shown_with_what_can_not_be_offered(
        self, officer: Visitor, ids: dict[str, int]
    ) -> None:
        officer.get("/assets")
        page = officer.post("/assets/bulk/offer", {"asset": [ids["A-1"], ids["A-3"]]}).text
        assert "要上架的1项" in page
        assert "1项现在不能上架" in page
        assert "当前状态为“在仓”" in page

    def test_they_are_offered_alike(self, world: World, officer: Visitor, ids: dict[str, int]) -> None:
        officer.get("/assets")
        chosen = [ids["A-1"], ids["A-2"]]
        back = "/assets?state=in_use"
        answer = officer.post("/assets/bulk/list", {**OFFER, "asset": chosen, "back": back})
        assert answer.location == back
        page = officer.get(back).text
        assert "已上架2项" in page
        # The index follows in a moment: the page looks again by itself.
        assert 'id="settling"' in page
        assert 'id="settling"' not in officer.get(back).text
        with world.sessions() as session:
            offers = session.scalars(select(Listing).where(Listing.asset_id.in_(chosen))).all()
            assert [(o.contact_name, o.for_transfer, o.for_loan, o.place) for o in offers] == [
                ("王芳", True, False, "主楼301室")
            ] * 2
        assert card(world, ids["A-1"]).state is AssetState.LISTED

    def test_those_who_ask_together_are_ranked_where_the_offer_says_so(
        self, world: World, officer: Visitor, ids: dict[str, int]
    ) -> None:
        officer.get("/assets")
        page = officer.post("/assets/bulk/offer", {"asset": [ids["A-1"]]}).text
        assert 'name="award_rule"' in page
        gathered = {**OFFER, "award_rule": "window", "asset": [ids["A-1"], ids["A-2"]]}
        refused = officer.post("/assets/bulk/list", {**gathered, "window_days": "30"})
        assert (refused.status_code, "应在1到20个工作日之间" in refused.text) == (422, True)
        assert 'value="30"' in refused.text
        officer.post("/assets/bulk/list", {**gathered, "window_days": "7"})
        with world.sessions() as session:
            kept = session.scalars(
                select(Listing).where(Listing.asset_id.in_((ids["A-1"], ids["A-2"])))
            ).all()
            assert [(offer.award_rule, offer.window_days) for offer in kept] == [("window", 7)] * 2

    def test_the_index_follows(
        self, world: World, settings: Settings, officer: Visitor, ids: dict[str, int]
    ) -> None:
        officer.get("/assets")
        officer.post("/assets/bulk/list", {**OFFER, "asset": [ids["A-1"]]})
        indexer.drain_outbox(world.sessions, Engine(settings))
        assert sorted(names(officer.get("/assets?state=listed").text)) == sorted(["办公桌", "投影仪"])
        finder = world.signed_in(Role.STAFF, at="WS-1")
        assert "办公桌" in names(finder.get("/search?view=table").text)

    def test_each_outcome_is_told(
        self, world: World, officer: Visitor, stock: Stock, ids: dict[str, int]
    ) -> None:
        with transaction(world.sessions) as session:
            session.get_one(Asset, ids["A-2"]).secrecy = Secrecy.SECRET
        officer.get("/assets")
        chosen = [ids["A-1"], ids["A-2"], ids["B-1"], 999_999]
        page = officer.post("/assets/bulk/list", {**OFFER, "asset": chosen})
        assert page.status_code == 200
        assert "已上架1项" in page.text
        assert "3项没有上架" in page.text
        assert "涉密资产不得入仓展示" in page.text
        assert "会议桌" not in page.text
        states = [card(world, ids[number]).state for number in ("A-1", "A-2", "B-1")]
        assert states == [AssetState.LISTED, AssetState.IN_USE, AssetState.IN_USE]

    def test_an_offer_without_a_mode_is_asked_for_again(
        self, world: World, officer: Visitor, ids: dict[str, int]
    ) -> None:
        officer.get("/assets")
        answer = officer.post("/assets/bulk/list", {**OFFER, "modes": [], "asset": [ids["A-1"]]})
        assert answer.status_code == 422
        assert "请选择可调剂、可借用" in answer.text
        assert "全部完好</textarea>" in answer.text
        assert 'value="王芳"' in answer.text
        assert f'name="asset" value="{ids["A-1"]}"' in answer.text
        assert card(world, ids["A-1"]).state is AssetState.IN_USE

    def test_all_that_the_filter_finds(self, officer: Visitor) -> None:
        officer.get("/assets")
        page = officer.post("/assets/bulk/offer", {"everything": "1", "query": "state=in_use"}).text
        assert "要上架的2项" in page

    def test_nothing_chosen_leads_back(self, officer: Visitor) -> None:
        officer.get("/assets")
        answer = officer.post("/assets/bulk/offer", {"back": "/assets?state=in_use"})
        assert answer.location == "/assets?state=in_use"
        assert "请先勾选要上架的资产" in officer.get("/assets").text

    def test_the_way_back_stays_on_this_site(self, officer: Visitor, ids: dict[str, int]) -> None:
        officer.get("/assets")
        answer = officer.post(
            "/assets/bulk/list", {**OFFER, "asset": [ids["A-1"]], "back": "https://example.org/x"}
        )
        assert answer.location == "/"

    def test_readers_offer_nothing(self, world: World, officer: Visitor, ids: dict[str, int]) -> None:
        for path in ("offer", "list"):
            visitor = world.signed_in(Role.UNIT_APPROVER, at="JY-1")
            assert visitor.post(f"/assets/bulk/{path}", {**OFFER, "asset": [ids["A-1"]]}).status_code == 403
        assert card(world, ids["A-1"]).state is AssetState.IN_USE


class TestExport:
    def test_all_filtered_rows_come_as_csv(self, officer: Visitor) -> None:
        answer = officer.get("/assets/export.csv?max_value=2000")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="assets-20260901.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert [(row["单位编码"], row["资产编号"], row["账面原值"]) for row in rows] == [
            ("JY-1", "A-1", "1200.00"),
            ("JY-1", "A-2", "800.00"),
        ]

    def test_words_filter_them_as_well(self, officer: Visitor) -> None:
        answer = officer.get("/assets/export.csv?q=touyingyi")
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert [row["资产编号"] for row in rows] == ["A-3"]

    def test_there_is_no_end_to_what_words_find(self, world: World, stock: Stock) -> None:
        def many(session: Session, units: dict[str, Unit]) -> None:
            for number in range(HITS_AT_ONCE + 20):
                factories.asset(session, units["JY-1"], "课桌", number=f"K-{number:05d}")

        stock(many)
        officer = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")
        text = officer.get("/assets/export.csv?q=kezhuo").data.decode("utf-8-sig")
        numbers = [row["资产编号"] for row in csv.DictReader(io.StringIO(text))]
        assert numbers == [f"K-{number:05d}" for number in range(HITS_AT_ONCE + 20)]

    def test_the_same_as_a_workbook(self, officer: Visitor) -> None:
        answer = officer.get("/assets/export.xlsx")
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
        rows = book.get_sheet_by_index(0).to_python()
        number = rows[0].index("资产编号")
        assert [row[number] for row in rows[1:]] == ["A-1", "A-2", "A-3"]

    def test_what_may_be_read_but_not_exported_stays(self, world: World, officer: Visitor) -> None:
        """An approver of one school who is only staff at the other."""
        username = world.account(Role.UNIT_APPROVER, at="JY-1")
        with transaction(world.sessions) as session:
            user = session.scalars(select(User).where(User.username == username)).one()
            session.add(RoleGrant(user_id=user.id, role=Role.STAFF, unit_id=world.units["JY-2"]))
        visitor = world.visitor()
        visitor.enter(username)
        assert len(names(visitor.get("/assets").text)) == 5
        rows = list(csv.DictReader(io.StringIO(visitor.get("/assets/export.csv").data.decode("utf-8-sig"))))
        assert {row["单位编码"] for row in rows} == {"JY-1"}

    def test_it_is_on_record_with_its_filter(self, world: World, officer: Visitor) -> None:
        officer.get("/assets/export.csv?state=listed&q=投影")
        with world.sessions() as session:
            entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "assets.export")).one()
        assert entry.after == {"rows": 1, "format": "csv", "filter": {"q": "投影", "states": ["listed"]}}
        assert entry.actor_name

    def test_it_goes_back_in_unchanged(self, world: World, settings: Settings, officer: Visitor) -> None:
        for kind in ("csv", "xlsx"):
            content = officer.get(f"/assets/export.{kind}").data
            officer.get("/imports")
            answer = officer.post(
                "/imports", {"unit_code": "JY-1", "file": (io.BytesIO(content), f"register.{kind}")}
            )
            assert "step" not in answer.location
            register_worker.advance_all(world.sessions, settings, world.clock)
            with world.sessions() as session:
                actor = factories.actor((Role.UNIT_ASSET_OFFICER, session.get_one(Unit, world.units["JY-1"])))
                run_id = register_import.recent(session, actor)[0].id
                found = register_preview.preview(session, actor, run_id)
            assert (found.create, found.update, found.unchanged, found.refused) == (0, 0, 3, 0)

    def test_staff_export_nothing(self, world: World, officer: Visitor) -> None:
        assert world.signed_in(Role.STAFF, at="JY-1").get("/assets/export.csv").status_code == 403


class TestViews:
    def test_filters_are_kept_under_a_name(self, officer: Visitor) -> None:
        officer.get("/assets?max_value=1000&state=in_use")
        answer = officer.post("/assets/views", {"name": " 便宜的 ", "query": "max_value=1000&state=in_use"})
        assert answer.location == "/assets?state=in_use&max_value=1000"
        page = officer.get(answer.location).text
        assert "已保存视图“便宜的”" in page
        link = re.search(
            r'<a class="nav-link" href="([^"]+)"[^>]*aria-current="page">.*?便宜的</a>', page, re.DOTALL
        )
        assert link
        assert names(officer.get(unescape(link[1])).text) == ["文件柜"]

    def test_the_same_name_is_replaced(self, officer: Visitor) -> None:
        officer.get("/assets")
        for query in ("state=in_use", "state=listed"):
            officer.post("/assets/views", {"name": "常看", "query": query})
        page = officer.get("/assets").text
        assert page.count("删除“常看”") == 1
        assert 'href="/assets?state=listed"' in page

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"name": "", "query": "state=listed"}, "请给视图起个名字"),
            ({"name": "名" * 21, "query": "state=listed"}, "不超过20个字"),
            ({"name": "全部", "query": ""}, "没有可以保存的条件"),
        ],
    )
    def test_what_can_not_be_kept_is_said(self, officer: Visitor, typed: dict[str, str], said: str) -> None:
        officer.get("/assets")
        answer = officer.post("/assets/views", typed)
        page = officer.get(answer.location).text
        assert said in page
        assert "删除“" not in page

    def test_they_are_ones_own(self, world: World, officer: Visitor) -> None:
        officer.get("/assets")
        officer.post("/assets/views", {"name": "常看", "query": "state=listed"})
        removal = re.search(r'action="(/assets/views/\d+/remove)"', officer.get("/assets").text)
        assert removal
        colleague = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")
        assert "常看" not in colleague.get("/assets").text
        assert colleague.post(removal[1]).status_code == 404
        assert officer.post(removal[1]).status_code == 302
        page = officer.get("/assets").text
        assert "已删除视图“常看”" in page
        assert "删除“常看”" not in page
