"""What the demo is made of: goods, chance, marks of vehicles, accounts."""

from __future__ import annotations

import re

import pytest

from marketplace.demo.chance import apportion, dice
from marketplace.demo.goods import Goods, all_goods
from marketplace.demo.people import PASSWORD, Account, accounts, demo_accounts
from marketplace.demo.specials import check_digit, vin
from marketplace.domain.accounts import check_password, check_username
from marketplace.domain.permissions import Role, check_role_set
from marketplace.reference.catalogue import categories


@pytest.mark.parametrize("goods", all_goods(), ids=lambda goods: goods.names[0])
def test_goods_have_known_classes_sold_products_and_whole_names(goods: Goods) -> None:
    known = {(row["edition"], row["code"]) for row in categories()}
    assert goods.classes.items() <= known
    assert goods.classes
    assert all(product.since <= product.until <= 2026 for product in goods.products)
    assert all(0 < product.low < product.high for product in goods.products)
    if any("{brand}" in name for name in goods.names) and len(goods.products) == 1:
        assert goods.products[0].brand


def test_shares_are_apportioned_to_the_last_card() -> None:
    assert apportion([3, 3, 1], 10) == [4, 4, 2]
    assert sum(apportion([goods.share for goods in all_goods()], 5000)) == 5000


def test_check_digits_of_vehicles_follow_the_standard() -> None:
    # The worked example that textbooks give for this algorithm.
    assert check_digit("1M8GDM9A_KP042788".replace("_", "0")) == "X"
    number = vin(dice(1, "test"), 2016)
    assert re.fullmatch(r"LZ0[0-9A-HJ-NPR-Z]{14}", number)
    assert check_digit(number[:8] + "0" + number[9:]) == number[8]
    assert number[9] == "G"


def test_every_role_is_held_in_both_regions() -> None:
    for region in ("JZ", "YC"):
        held = {role for account in accounts() if account.unit.startswith(region) for role in account.roles}
        assert held == set(Role)


@pytest.mark.parametrize("account", accounts(), ids=lambda account: account.username)
def test_accounts_keep_the_rules_for_names_passwords_and_roles(account: Account) -> None:
    assert check_username(account.username) == account.username
    check_password(PASSWORD, account.username)
    check_role_set(account.roles)


def test_somebody_acts_for_two_units_and_several_units_have_officers_and_staff() -> None:
    everyone = accounts()
    assert any(len({unit for _, unit in account.grants}) == 2 for account in everyone)
    for role in (Role.STAFF, Role.UNIT_ASSET_OFFICER):
        assert len({unit for account in everyone for held, unit in account.grants if held is role}) >= 6


def test_the_published_accounts_say_how_to_sign_in() -> None:
    published = demo_accounts()
    assert len({account["username"] for account in published}) == len(published)
    assert all(set(account) == {"username", "password", "unit", "roles"} for account in published)
    wang = next(account for account in published if account["username"] == "wang.officer")
    assert wang == {
        "username": "wang.officer",
        "password": PASSWORD,
        "unit": "JZ10301",
        "roles": ["unit_asset_officer"],
    }
