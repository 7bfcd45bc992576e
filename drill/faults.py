"""Every fault of the drill. Each is one small function; those of one installation follow each other."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Sequence
from functools import partial

from drill import cuts, surroundings
from drill.scene import PATIENCE, Fault, Scene
from drill.surroundings import Surroundings
from marketplace.engines import process

STALL_SECONDS = 4
GONE_SECONDS = 8
FULL_SECONDS = 5


def kill(part: str, scene: Scene) -> None:
    """End a process without a word."""
    scene.gone(part)


def restart(scene: Scene) -> None:
    """End the whole program without a word, and start it again."""
    scene.here.kill()
    scene.here.start()


def stall_search(scene: Scene) -> None:
    """Meilisearch takes requests and doesn't answer, twice for some seconds."""
    for _ in range(2):
        with scene.stopped("Meilisearch"):
            time.sleep(STALL_SECONDS)
            scene.must_work("while Meilisearch doesn't answer", 1)
            scene.must_search_the_database()
        time.sleep(1)


def lose_search(scene: Scene) -> None:
    """Meilisearch ends as soon as it has started, for some seconds."""
    over = time.monotonic() + GONE_SECONDS
    while time.monotonic() < over:
        for pid in scene.here.find("Meilisearch"):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    scene.must_search_the_database()
    scene.must("Meilisearch did not come back", scene.here.is_ready)


def second_jobs(scene: Scene) -> None:
    """Another job process on the same database; then the first is killed."""
    other = scene.here.spawn("jobs")
    scene.must("the second job process did not start", lambda: len(scene.here.find("jobs")) == 2)
    scene.must_work("with two job processes")
    first = next(pid for pid in scene.here.find("jobs") if pid != other.pid)
    os.kill(first, signal.SIGKILL)
    scene.must_work("after the first of two job processes was killed")
    process.stop(other)


def fill_photos(scene: Scene) -> None:
    """No photo can be kept any more; then there is room again."""
    media = scene.here.seen("media")
    surroundings.fill(media)
    answers = scene.crowd.book.answers
    scene.must("nobody was told that the disk is full", lambda: answers["507"] > 0)
    surroundings.make_room(media)


def fill_database(scene: Scene) -> None:
    """The database can't write any more; then there is room again."""
    folder = scene.here.seen("postgres")
    surroundings.fill(folder)
    answers = scene.crowd.book.answers
    scene.must("nobody was asked to come again", lambda: answers["503"] + answers["507"] > 0)
    time.sleep(FULL_SECONDS)
    surroundings.fill(folder)
    time.sleep(FULL_SECONDS)
    surroundings.make_room(folder)
    scene.must("it did not come back when there was room", scene.here.is_ready, 2 * PATIENCE)


def move_clock(scene: Scene) -> None:
    """The clock of the whole machine jumps ahead, far back, weeks ahead, and is set right again."""
    for hours in (3, -2, 20 * 24, 0):
        surroundings.move_clock(scene.here, dt.timedelta(hours=hours))
        scene.must_work(f"with the clock {hours} hours ahead")


PHOTO_DISK, DATABASE_DISK = Surroundings(disk="media"), Surroundings(disk="postgres")
FAULTS: Sequence[Fault] = (
    Fault("kill -9 of a web worker", partial(kill, "web worker")),
    Fault("kill -9 of the web server", partial(kill, "web")),
    Fault("kill -9 of the job process", partial(kill, "jobs")),
    Fault("kill -9 of Meilisearch", partial(kill, "Meilisearch")),
    Fault("kill -9 of PostgreSQL", partial(kill, "PostgreSQL")),
    Fault("kill -9 of the engines' supervisor", partial(kill, "supervisor")),
    Fault("Meilisearch answers slowly", stall_search),
    Fault("Meilisearch does not answer at all", lose_search),
    Fault("two job processes", second_jobs),
    Fault("restart of everything", restart),
    Fault("restart in the middle of an import", cuts.in_an_import),
    Fault("restart in the middle of a reindex", cuts.in_a_reindex),
    Fault("restart in the middle of an auction's publication", cuts.in_a_publication),
    Fault("a job process a year ahead dies in an import", cuts.ahead_in_an_import, refusals=True),
    Fault("disk full for photos", fill_photos, PHOTO_DISK),
    Fault("disk full for the database", fill_database, DATABASE_DISK),
    Fault("the clock jumps", move_clock, Surroundings(clock=True), refusals=True),
)
