"""``gwc audit``: the record of every action."""

from __future__ import annotations

import click

from marketplace.commands.terminal import progress_bar
from marketplace.config import from_environment
from marketplace.db import migrate
from marketplace.db.session import make_engine, make_sessions
from marketplace.domain import audit_chain as chain
from marketplace.engines.embedded import engines
from marketplace.use_cases import audit_chain


@click.group()
def audit() -> None:
    """Look after the record of every action."""


@audit.command("verify")
@click.option(
    "--known", metavar="POSITION:DIGEST", help="A seal noted down earlier, which must still be there."
)
def verify_audit(known: str | None) -> None:
    """Seal what waits, then check that no entry of the record was changed, removed or slipped in.

    Prints where the chain ends, as POSITION:DIGEST. Kept outside this machine and given back with --known, it
    shows later whether the newest entries were cut off or everything was written anew.

    An entry has its seal about a second after it was added. Whoever removes one before that, together with
    the mark that it waits, leaves no trace in the chain.
    """
    seal = _seal(known)
    with engines(from_environment()) as settings:
        engine = make_engine(settings.database_url)
        migrate.upgrade(engine)
        sessions = make_sessions(engine)
        audit_chain.seal_waiting(sessions, wait=True)
        with progress_bar() as bar:
            task = bar.add_task("entries", total=None)
            verdict = audit_chain.verify(
                sessions,
                known=seal,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        engine.dispose()
    if verdict.fault:
        raise click.ClickException(_broken(verdict.fault))
    click.echo(f"The audit record is whole: {verdict.checked} entries.")
    click.echo(str(verdict.last))


def _seal(known: str | None) -> chain.Seal | None:
    try:
        return chain.read_seal(known) if known else None
    except ValueError:
        raise click.BadParameter("give it as POSITION:DIGEST", param_hint="--known") from None


def _broken(fault: chain.Fault) -> str:
    entry, place = fault.entry_id or "unknown", f"position {fault.position}"
    said = {
        chain.FaultKind.CHANGED: f"entry {entry} ({place}) or its seal was changed.",
        chain.FaultKind.REMOVED: f"entry {entry} ({place}) was removed.",
        chain.FaultKind.ADDED: f"entry {entry} was slipped in past the application, or its seal removed.",
        chain.FaultKind.UNLINKED: f"the seal of entry {entry} ({place}) doesn't follow the one before.",
        chain.FaultKind.GAP: f"the seal at {place} is missing (entry {entry}).",
        chain.FaultKind.CUT: f"the chain ends before {place}: newer entries were cut off.",
        chain.FaultKind.REWRITTEN: f"the record was rewritten up to entry {entry} ({place}).",
    }
    return f"The audit record is broken: {said[fault.kind]}"
