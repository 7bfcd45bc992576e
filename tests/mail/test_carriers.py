"""Ways out for mail, against a real mail server and a real folder."""

from __future__ import annotations

import dataclasses
from email import message_from_bytes
from pathlib import Path

import pytest

from drill.installation import free_port
from marketplace.config import MailServer, Settings, from_environment
from marketplace.mail.carriers import (
    FolderCarrier,
    MailRefused,
    MailServerDown,
    SmtpCarrier,
    carrier_of,
)
from marketplace.mail.letters import compose
from tests.mail.mail_server import MailServerThread, Manners, mail_server
from tests.mail.test_letters import LETTER, SENDER

MAIL = compose(LETTER, SENDER)


def carrier_to(server: MailServerThread, user: str = "", password: str = "", **options: bool) -> SmtpCarrier:
    return SmtpCarrier(MailServer("127.0.0.1", server.port, user, password, **options))


def test_a_folder_keeps_each_mail_as_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    with FolderCarrier(folder).opened() as post:
        post(MAIL)
    [file] = folder.iterdir()
    assert file.name == "20260901T020000.12.eml"
    assert message_from_bytes(file.read_bytes())["Message-ID"] == MAIL["Message-ID"]


def test_the_same_mail_again_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / ".20260901T020000.12.draft").write_text("left by somebody who was killed")
    other = compose(dataclasses.replace(LETTER, serial=13), SENDER)
    with FolderCarrier(tmp_path).opened() as post:
        for mail in (MAIL, other, MAIL):
            post(mail)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "20260901T020000.12.eml": MAIL.as_bytes(),
        "20260901T020000.13.eml": other.as_bytes(),
    }


def test_a_server_gets_all_mails_of_a_run_through_one_connection() -> None:
    with mail_server() as server:
        with carrier_to(server).opened() as post:
            post(MAIL)
            post(compose(dataclasses.replace(LETTER, serial=13), SENDER))
        assert server.connections == 1
        first = server.delivered[0]
    assert (first.sender, first.recipients) == (SENDER, [LETTER.address])
    assert first.mail["Subject"] == LETTER.title
    assert [one.mail["Message-ID"].partition("@")[0] for one in server.delivered] == [
        "<20260901T020000.12",
        "<20260901T020000.13",
    ]


@pytest.mark.parametrize(
    "manners",
    [
        Manners(refused={LETTER.address: "550 no such mailbox"}),
        Manners(refused={LETTER.address: "450 try later"}),
        Manners(data_answer="554 looks like spam"),
    ],
)
def test_a_refused_mail_leaves_the_connection_good_for_others(manners: Manners) -> None:
    with mail_server(manners) as server, carrier_to(server).opened() as post:
        with pytest.raises(MailRefused):
            post(MAIL)
        server.manners = Manners()
        post(MAIL)
    assert len(server.delivered) == 1


@pytest.mark.parametrize(
    "manners",
    [
        Manners(refused={LETTER.address: "421 closing"}),
        Manners(data_answer="421 closing"),
        Manners(data_answer=""),
        Manners(sender_answer="550 not from you"),
    ],
    ids=["closing", "closing after data", "hangs up", "sender refused"],
)
def test_a_server_that_takes_nothing_now_is_down(manners: Manners) -> None:
    with mail_server(manners) as server, carrier_to(server).opened() as post, pytest.raises(MailServerDown):
        post(MAIL)
    assert server.delivered == []


def test_no_server_is_down() -> None:
    nobody = SmtpCarrier(MailServer("127.0.0.1", free_port()))
    with pytest.raises(MailServerDown), nobody.opened():
        pass


@pytest.mark.parametrize(("password", "welcome"), [("s:e/c@r", True), ("wrong", False)])
def test_a_server_may_ask_who_we_are(password: str, welcome: bool) -> None:
    with mail_server(Manners(login=("gwc", "s:e/c@r"))) as server:
        carrier = carrier_to(server, "gwc", password)
        if welcome:
            with carrier.opened() as post:
                post(MAIL)
        else:
            with pytest.raises(MailServerDown), carrier.opened():
                pass
    assert len(server.delivered) == welcome


@pytest.mark.parametrize("options", [{"starttls": True}, {"tls": True}])
def test_nothing_goes_out_in_the_clear_where_it_should_be_encrypted(options: dict[str, bool]) -> None:
    with mail_server() as server, pytest.raises(MailServerDown), carrier_to(server, **options).opened():
        pass
    assert server.delivered == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 25)),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, tls=True)),
        (
            "smtp://gwc%40example.org:a%3Ab%2Fc@mail.example.org:587?starttls=1",
            MailServer("mail.example.org", 587, "gwc@example.org", "a:b/c", starttls=True),
        ),
    ],
)
def test_the_server_is_named_in_one_address(tmp_path: Path, url: str, server: MailServer) -> None:
    settings = from_environment({"GWC_HOME": str(tmp_path), "SMTP_URL": url, "MAIL_FROM": SENDER})
    assert settings.mail_server == server
    assert isinstance(carrier_of(settings), SmtpCarrier)
    assert "a:b/c" not in repr(settings)


@pytest.mark.parametrize(
    "environ",
    [
        {"SMTP_URL": "mail.example.org:25", "MAIL_FROM": SENDER},
        {"SMTP_URL": "http://user:secret@mail.example.org", "MAIL_FROM": SENDER},
        {"SMTP_URL": "smtp://", "MAIL_FROM": SENDER},
        {"SMTP_URL": "smtp://mail.example.org"},
    ],
)
def test_a_server_that_can_not_be_used_is_refused_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="SMTP_URL") as refusal:
        from_environment({"GWC_HOME": str(tmp_path), **environ})
    assert "secret" not in str(refusal.value)


def test_without_a_server_mail_goes_to_files(tmp_path: Path) -> None:
    settings = from_environment({"GWC_HOME": str(tmp_path), "PORT": "8123"})
    assert isinstance(carrier_of(settings), FolderCarrier)
    assert settings.public_url == "http://127.0.0.1:8123"
    assert settings.mail_dir == tmp_path / "mail"


def test_links_begin_where_users_reach_the_site(tmp_path: Path) -> None:
    settings: Settings = from_environment(
        {"GWC_HOME": str(tmp_path), "PUBLIC_URL": "https://gwc.example.org/"}
    )
    assert settings.public_url == "https://gwc.example.org"
