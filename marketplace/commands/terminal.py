"""What commands need of the terminal and the clock, and nothing that takes long to read."""

from __future__ import annotations

import datetime as dt

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

err = Console(stderr=True)


def clock() -> dt.datetime:
    """The present moment: the edge is the only place that asks for it."""
    return dt.datetime.now(dt.UTC)


def progress_bar() -> Progress:
    """A bar on stderr, so that stdout stays what was asked for."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
    )
