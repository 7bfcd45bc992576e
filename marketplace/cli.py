"""``gwc``: everything an operator types."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
import orjson
from sqlalchemy import select

from jobs.means import Means
from jobs.runner import run_forever
from jobs.schedule import BY_NAME, JOBS
from jobs.turns import BusyError, run_by_hand
from marketplace import logs, serve
from marketplace.backup.manifest import BackupError
from marketplace.commands.audit import audit
from marketplace.commands.backup import backup, restore
from marketplace.commands.surroundings import clock, err, prepared, progress_bar
from marketplace.config import Settings, from_environment
from marketplace.db import migrate
from marketplace.db.imports import ImportState
from marketplace.db.people import Unit, User
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.demo import load as demo
from marketplace.demo.people import demo_accounts
from marketplace.domain.errors import RuleError
from marketplace.domain.permissions import PLATFORM
from marketplace.engines.embedded import Keeper, engines
from marketplace.engines.process import EngineError
from marketplace.media.store import FolderStore
from marketplace.use_cases import accounts, register_import, register_runs, register_worker
from search.nodes import Nodes


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """公物仓: a virtual public-goods warehouse."""


@cli.command()
@click.option("--demo/--no-demo", "with_demo", default=True, help="Load the demo on first run.")
def run(with_demo: bool) -> None:
    """Start engines, web and jobs; end with Ctrl-C."""
    given = from_environment()
    serve.wait_for_port(given)
    with prepared() as (settings, sessions):
        shown = with_demo and _ensure_demo(sessions)

        def ready() -> None:
            click.echo(f"\n公物仓 serves on http://{settings.host}:{settings.port}  (Ctrl-C ends it)\n")
            if shown:
                _print_accounts()
            sys.stdout.flush()

        def fill() -> None:
            if shown:
                _fill_demo(settings, sessions)

        look_after = (lambda: None) if given.external_engines else Keeper(settings.home).look
        serve.run_together(settings, demo=shown, ready=ready, meanwhile=fill, look_after=look_after)


@cli.command()
def web() -> None:
    """Run only the web server."""
    with engines(from_environment()) as settings:
        serve.serve_web(settings)


@cli.group(invoke_without_command=True)
@click.pass_context
def jobs(context: click.Context) -> None:
    """Run the scheduled jobs; with a sub-command, look at them or run one."""
    if context.invoked_subcommand is None:
        with engines(from_environment()) as settings:
            run_forever(_means(settings, make_sessions(make_engine(settings.database_url))))


@jobs.command("list")
def list_jobs() -> None:
    """Name, schedule and purpose of every job."""
    for job in JOBS:
        when = f"every {job.plan.seconds} s" if job.plan.seconds else f"daily at {job.plan.hour:02d}:00"
        click.echo(f"{job.name:<20}{when:<18}{job.title}")


@jobs.command("run")
@click.argument("name", type=click.Choice(list(BY_NAME)))
@click.option("--as-of", type=str, help="Run as if it were this ISO 8601 moment.")
@click.option("--dry-run", is_flag=True, help="Only show what it would do.")
def run_one_job(name: str, as_of: str | None, dry_run: bool) -> None:
    """Run one job now."""
    with prepared() as (settings, sessions):
        moment = _moment(as_of) if as_of else None
        try:
            figures = run_by_hand(_means(settings, sessions), BY_NAME[name], moment, dry_run=dry_run)
        except BusyError:
            raise click.ClickException(f"{name} is running in another process. Try again later.") from None
    click.echo(orjson.dumps(figures).decode())


@cli.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def upgrade() -> None:
    """Bring the database to the schema of this release."""
    with engines(from_environment()) as settings:
        migrate.upgrade(make_engine(settings.database_url))
    click.echo("The database is up to date.")


@cli.command("demo")
def load_demo() -> None:
    """Fill an empty installation with the demo."""
    with prepared() as (settings, sessions):
        if _ensure_demo(sessions):
            _fill_demo(settings, sessions)


@cli.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def list_accounts(as_json: bool) -> None:
    """List the demo's accounts with their passwords."""
    if as_json:
        click.echo(orjson.dumps(demo_accounts(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print_accounts()


@cli.command()
@click.argument("username")
@click.option("--name", default="command line", help="What the token is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires.")
def token(username: str, name: str, days: int | None) -> None:
    """Make an API token for USERNAME; it is printed once, on the last line."""
    now = clock()
    with prepared() as (_settings, sessions), transaction(sessions) as session:
        user = session.scalar(select(User).where(User.username == username, User.active))
        if user is None:
            raise click.ClickException(f"There is no active user named {username}.")
        expires = now + dt.timedelta(days=days) if days else None
        click.echo(accounts.issue_token(session, PLATFORM, now, user, name, expires))


@cli.command("import-assets")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--unit", "unit_code", required=True, help="Code of the unit that keeps the cards.")
@click.option("--dry-run", is_flag=True, help="Read and check the file, change nothing.")
def import_assets(file: Path, unit_code: str, dry_run: bool) -> None:
    """Import an asset register: .xlsx, .xls or .csv."""
    with prepared() as (settings, sessions):
        with transaction(sessions) as session:
            unit = session.scalar(select(Unit).where(Unit.code == unit_code, Unit.active))
            if unit is None:
                raise click.ClickException(f"There is no active unit with the code {unit_code}.")
            begun = register_import.begin(
                session, settings, PLATFORM, clock(), unit, file, file.name, proceed=not dry_run
            )
            run_id = begun.id
        with progress_bar() as bar:
            task = bar.add_task(file.name, total=None)
            _see_through(
                sessions, settings, run_id, lambda done, total: bar.update(task, completed=done, total=total)
            )
        with sessions() as session:
            report = asdict(register_runs.report(session, run_id))
    click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2, default=str).decode())
    if report["state"] == ImportState.FAILED:
        raise click.ClickException(report["error"] % report["error_params"])


def _see_through(
    sessions: SessionFactory, settings: Settings, run_id: int, on_progress: Callable[[int, int | None], None]
) -> None:
    """Work on a run until it rests; where the job process was faster, watch it."""
    while True:
        register_worker.advance(sessions, settings, run_id, clock, on_progress=on_progress)
        with sessions() as session:
            report = register_runs.report(session, run_id)
        if report.state not in register_runs.WORKING:
            return
        on_progress(report.staged + report.merged, None)
        time.sleep(0.3)


cli.add_command(audit)
cli.add_command(backup)
cli.add_command(restore)


@cli.command()
def reindex() -> None:
    """Fill a new search index aside and swap it in, in every search node."""
    with prepared() as (settings, sessions), progress_bar() as bar:
        task = bar.add_task("documents", total=None)
        Nodes(settings).rebuild(
            sessions,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    click.echo("The index is new.")


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


def _means(settings: Settings, sessions: SessionFactory) -> Means:
    return Means(settings=settings, sessions=sessions, nodes=Nodes(settings), clock=clock)


def _ensure_demo(sessions: SessionFactory) -> bool:
    """Load the demo into an installation without users; whether this installation shows the demo."""
    with transaction(sessions) as session:
        if demo.is_loaded(session):
            return True
        if session.scalar(select(User.id).limit(1)) is not None:
            return False
        click.echo("Loading the demo …")
        return demo.load_demo(session, clock())


def _fill_demo(settings: Settings, sessions: SessionFactory) -> None:
    """What takes longer than the first page may wait."""
    with transaction(sessions) as session:
        if demo.add_orders(session, clock()):
            click.echo("The demo's orders are under way.")
    with transaction(sessions) as session:
        if demo.hang_photos(session, FolderStore(settings.media_dir), clock()):
            click.echo("The demo's photos hang.")
    with transaction(sessions) as session:
        if demo.add_sales(session, clock()):
            click.echo("The demo's auctions are announced.")


def _print_accounts() -> None:
    for account in demo_accounts():
        roles = ", ".join(account["roles"])
        click.echo(f"  {account['username']:<22}{account['password']:<18}{account['unit']:<16}{roles}")


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


if __name__ == "__main__":
    main()
