"""The life of one asset as a line of steps: what it has been, what it is, what comes next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from marketplace.domain.states import STATE_NAMES, AssetState
from marketplace.domain.text import N_

RECENT = 3
"""Changes that the line shows; it begins with how it all began."""


class Progress(StrEnum):
    """How far a step has come."""

    DONE = "done"
    NOW = "now"
    TODO = "todo"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``since`` is None where nobody wrote it down, or it is still to come."""

    label: str
    progress: Progress
    since: dt.date | dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The moment from which an asset was in a state."""

    since: dt.datetime | None
    state: AssetState


NEXT = {
    AssetState.IN_USE: N_("入仓"),
    AssetState.IDLE_FLAGGED: N_("入仓"),
    AssetState.LISTED: N_("调剂或借用"),
}
"""What usually follows a state."""
SETTLED = frozenset({AssetState.SOLD, AssetState.DONATED, AssetState.SCRAPPED, AssetState.CLOSED})


def line_of_life(
    state: AssetState, acquired_on: dt.date | None, changes: Sequence[Change], *, may_be_listed: bool = True
) -> list[Step]:
    """The steps of an asset that is in ``state`` now; ``changes`` in the order in which they happened.

    A classified asset (``may_be_listed`` False) has no next step: it is never offered.
    """
    known = list(changes)
    if (known[-1].state if known else AssetState.IN_USE) != state:
        known.append(Change(None, state))
    steps = [Step(STATE_NAMES[AssetState.IN_USE], Progress.DONE, acquired_on)]
    steps += [Step(STATE_NAMES[change.state], Progress.DONE, change.since) for change in known[-RECENT:]]
    last = steps.pop()
    steps.append(Step(last.label, Progress.FINAL if state in SETTLED else Progress.NOW, last.since))
    if state in NEXT and may_be_listed:
        steps.append(Step(NEXT[state], Progress.TODO))
    return steps
