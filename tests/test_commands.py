"""``gwc``: what an operator types."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from marketplace import cli
from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.permissions import Role
from marketplace.serve import child_environment
from marketplace.use_cases.accounts import identify_token
from tests import factories
from tests.conftest import NOW


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def gwc(settings: Settings, *arguments: str) -> Done:
    """Run a command against the test engines, as the installed script does, in this process."""
    env = child_environment(settings) | {"MEILI_INDEX": settings.index_name, "COLUMNS": "200"}
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["gwc", *arguments])
        for name, value in env.items():
            patch.setenv(name, value)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                cli.main()
                status = 0
            except SystemExit as end:
                status = int(end.code or 0)
    return Done(status, out.getvalue(), err.getvalue())


COMMANDS = (
    "",
    "run",
    "web",
    "jobs",
    "jobs list",
    "jobs run",
    "db",
    "db upgrade",
    "demo",
    "accounts",
    "token",
    "import-assets",
    "audit",
    "audit verify",
    "backup",
    "restore",
    "reindex",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(settings: Settings, command: str) -> None:
    shown = gwc(settings, *command.split(), "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Usage:" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["nothing"], 2),
        (["token"], 2),
        (["token", "nobody"], 1),
        (["import-assets", "/no/such/file", "--unit", "X"], 2),
        (["jobs", "run", "nothing"], 2),
        (["jobs", "run", "tidy", "--as-of", "yesterday"], 1),
    ],
)
def test_mistakes_end_with_a_sentence(
    settings: Settings, sessions: SessionFactory, arguments: list[str], status: int
) -> None:
    done = gwc(settings, *arguments)
    assert done.returncode == status
    assert done.stderr.strip()
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_the_demo_accounts_are_listed_for_programs(settings: Settings) -> None:
    accounts = json.loads(gwc(settings, "accounts", "--json").stdout)
    assert {role for account in accounts for role in account["roles"]} == set(Role)
    assert all(account.keys() >= {"username", "password", "unit", "roles"} for account in accounts)


def test_a_token_is_printed_on_the_last_line_and_works(settings: Settings, sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        factories.user(session, factories.unit(session), Role.STAFF, username="zhang")
    printed = gwc(settings, "token", "zhang").stdout.splitlines()[-1]
    with sessions() as session:
        found = identify_token(session, NOW, printed)
    assert found is not None
    assert found.username == "zhang"


def test_a_register_is_imported_and_a_dry_run_changes_nothing(
    settings: Settings, sessions: SessionFactory, tmp_path: Path
) -> None:
    with transaction(sessions) as session:
        region = factories.unit(session)
        factories.unit(session, region, code="JY-1")
    file = tmp_path / "register.csv"
    file.write_text(
        "资产编号,资产名称,数量,账面原值\n1,办公桌,2,800\n2,办公椅,x,300\n合计,,4,1100\n", encoding="gbk"
    )
    looked = gwc(settings, "import-assets", str(file), "--unit", "JY-1", "--dry-run")
    assert (looked.returncode, json.loads(looked.stdout)["state"]) == (0, "preview"), looked.stderr
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 0
    done = json.loads(gwc(settings, "import-assets", str(file), "--unit", "JY-1").stdout)
    assert (done["state"], done["created"], done["refused"]) == ("done", 1, 1)
    again = json.loads(gwc(settings, "import-assets", str(file), "--unit", "JY-1").stdout)
    assert (again["created"], again["unchanged"], again["refused"]) == (0, 1, 1)


def test_jobs_run_by_hand_and_only_look_when_told(settings: Settings, sessions: SessionFactory) -> None:
    for name in ("drain-outbox", "import-registers", "repair-index", "tidy"):
        for flags in (["--dry-run"], []):
            done = gwc(settings, "jobs", "run", name, *flags)
            assert done.returncode == 0, done.stderr
            assert isinstance(json.loads(done.stdout.splitlines()[-1]), dict)


def test_the_installed_script_runs(root: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "gwc", "--help"], cwd=root, capture_output=True, text=True, check=True
    )
    assert "import-assets" in done.stdout
