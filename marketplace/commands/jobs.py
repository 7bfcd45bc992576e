"""``gwc jobs``: the scheduled jobs."""

from __future__ import annotations

import datetime as dt

import click
import orjson

from jobs.means import Means
from jobs.runner import run_forever
from jobs.schedule import BY_NAME, JOBS
from jobs.turns import BusyError, run_by_hand
from marketplace.commands.surroundings import prepared
from marketplace.commands.terminal import clock
from marketplace.config import Settings, from_environment
from marketplace.db.session import SessionFactory, make_engine, make_sessions
from marketplace.engines import process
from marketplace.engines.embedded import engines
from search.nodes import Nodes


@click.group(invoke_without_command=True)
@click.pass_context
def jobs(context: click.Context) -> None:
    """Run the scheduled jobs; with a sub-command, look at them or run one."""
    if context.invoked_subcommand is None:
        process.share_heaps()
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


def _means(settings: Settings, sessions: SessionFactory) -> Means:
    return Means(settings=settings, sessions=sessions, nodes=Nodes(settings), clock=clock)


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
