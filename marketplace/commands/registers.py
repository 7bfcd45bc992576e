"""``gwc import-assets``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
import orjson
from sqlalchemy import select

from marketplace.commands.surroundings import prepared
from marketplace.commands.terminal import clock, progress_bar
from marketplace.config import Settings
from marketplace.db.imports import ImportState
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases import register_import, register_runs, register_worker


@click.command("import-assets")
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
