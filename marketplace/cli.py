"""``gwc``: everything an operator types."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

import click

from marketplace import logs, serve
from marketplace.backup.manifest import BackupError
from marketplace.commands.terminal import err
from marketplace.domain.errors import RuleError
from marketplace.engines.process import EngineError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("run", "run"),
    "web": ("web", "web"),
    "jobs": ("jobs", "jobs"),
    "db": ("database", "db"),
    "demo": ("demo", "load_demo"),
    "accounts": ("demo", "list_accounts"),
    "token": ("tokens", "token"),
    "import-assets": ("registers", "import_assets"),
    "audit": ("audit", "audit"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
    "reindex": ("index", "reindex"),
}
"""Where each command is: the module below ``marketplace.commands``, and what it is there."""


class OneOfMany(click.Group):
    """Reads only the command that is asked for: all of them together take seconds."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All, in the order in which help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, read now."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"marketplace.commands.{module}"), name)
        return command


@click.group(cls=OneOfMany, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """公物仓: a virtual public-goods warehouse."""


def main() -> None:
    """Entry point: refusals and engine failures end with a sentence on stderr, not a traceback."""
    logs.configure()
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(1)
    except (RuleError, EngineError, BackupError, serve.PortTakenError, ValueError) as error:
        err.print(f"gwc: {error}", markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
