"""Drawing many pictures at once, in processes that load nothing but what drawing needs."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from marketplace.config import ROOT
from marketplace.demo.drawings import draw
from marketplace.media.images import Picture, prepare

SIZE = (800, 600)

Subject = tuple[str, int]
"""Kind and seed of a drawing."""


def paint(subjects: Sequence[Subject]) -> list[Picture]:
    """A picture of each subject, ready to be kept; drawn on all processors.

    A multiprocessing pool would load the whole program into each of its workers first, or fork a
    process that may run threads; these painters start ten times faster.
    """
    painters = min(len(os.sched_getaffinity(0)), len(subjects))
    if painters == 0:
        return []
    with ThreadPoolExecutor(painters) as waiting:
        shares = list(waiting.map(_let_paint, (subjects[at::painters] for at in range(painters))))
    return [shares[at % painters][at // painters] for at in range(len(subjects))]


def _let_paint(subjects: Sequence[Subject]) -> list[Picture]:
    command = [sys.executable, "-m", "marketplace.demo.painting"]
    done = subprocess.run(
        command, input=json.dumps(subjects).encode(), stdout=subprocess.PIPE, cwd=ROOT, check=True
    )
    pictures: list[Picture] = pickle.loads(done.stdout)  # noqa: S301 - from our own child
    return pictures


def _picture(kind: str, seed: int) -> Picture:
    file = io.BytesIO()
    draw(kind, seed, SIZE).save(file, "PNG", compress_level=0)
    return prepare(file.getvalue())


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps([_picture(*subject) for subject in json.load(sys.stdin)]))
