"""Sends mails to a folder in a process of its own that kills itself at a given moment of the first one.

Arguments: database address, home folder, moment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

from marketplace.config import Settings
from marketplace.db.session import make_engine, make_sessions
from marketplace.mail.carriers import FolderCarrier, Post
from marketplace.use_cases import mailing
from tests.conftest import NOW

MOMENTS = ("claimed", "sent")
"""Before the mail is handed in, and between that and the commit."""


class Dying(FolderCarrier):
    moment = ""

    @contextlib.contextmanager
    def opened(self) -> Iterator[Post]:
        with super().opened() as post:
            yield lambda mail: self.perhaps(mail, post)

    def perhaps(self, mail: EmailMessage, post: Post) -> None:
        if self.moment == "claimed":
            os.kill(os.getpid(), signal.SIGKILL)
        post(mail)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    database, home, moment = sys.argv[1:]
    settings = Settings(Path(home), database)
    carrier = Dying(settings.mail_dir)
    carrier.moment = moment
    mailing.send_due(make_sessions(make_engine(database)), settings, carrier, NOW)
