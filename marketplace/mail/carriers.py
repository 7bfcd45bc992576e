"""Ways out for mail: a mail server, or a folder where there is none.

A carrier is opened for a run of mails. What goes wrong is one of two things: nothing can be handed in
now, or this one mail was refused.
"""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from marketplace.config import MailServer, Settings

TIMEOUT_SECONDS = 20
"""For each answer of a mail server. (All errors of smtplib are OSErrors.)"""
SERVICE_CLOSING = 421
"""A server's word that it takes nothing more for now (RFC 5321, 3.8)."""


class MailServerDown(Exception):
    """Nothing can be handed in now, whatever it is; all mails wait."""


class MailRefused(Exception):
    """One mail was not accepted; others may be."""


Post = Callable[[EmailMessage], None]
"""Hands in one mail; raises MailServerDown or MailRefused."""


class Carrier(Protocol):
    """A way out."""

    def opened(self) -> AbstractContextManager[Post]:
        """Ready to take mails; raises MailServerDown."""


def carrier_of(settings: Settings) -> Carrier:
    """The way out that the settings name."""
    return SmtpCarrier(settings.mail_server) if settings.mail_server else FolderCarrier(settings.mail_dir)


class FolderCarrier:
    """Writes each mail to a file that mail programs open; the same mail is the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def opened(self) -> Iterator[Post]:
        """Ready to take mails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        yield self._put

    def _put(self, mail: EmailMessage) -> None:
        name = str(mail["Message-ID"]).strip("<>").rpartition("@")[0]
        draft = self.folder / f".{name}.draft"
        with draft.open("wb") as file:
            file.write(mail.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / f"{name}.eml")


class SmtpCarrier:
    """Hands mails to a mail server, all of a run through one connection."""

    def __init__(self, server: MailServer) -> None:
        self.server = server

    @contextlib.contextmanager
    def opened(self) -> Iterator[Post]:
        """Ready to take mails.

        Raises:
            MailServerDown: the server doesn't answer, doesn't encrypt as it should, or doesn't let us in.
        """
        with contextlib.ExitStack() as stack:
            try:
                connection = self._connect()
                stack.callback(_leave, connection)
                if self.server.starttls:
                    connection.starttls(context=ssl.create_default_context())
                if self.server.user:
                    connection.login(self.server.user, self.server.password)
            except OSError as error:
                raise MailServerDown(str(error)) from error
            yield lambda mail: _hand_in(connection, mail)

    def _connect(self) -> smtplib.SMTP:
        host, port = self.server.host, self.server.port
        if self.server.tls:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        return smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)


def _hand_in(connection: smtplib.SMTP, mail: EmailMessage) -> None:
    try:
        connection.send_message(mail)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError) as error:
        if SERVICE_CLOSING in _codes(error):
            raise MailServerDown(str(error)) from error
        raise MailRefused(str(error)) from error
    except OSError as error:
        # Also when the sender is refused: that is who all mails are from.
        raise MailServerDown(str(error)) from error


def _codes(error: smtplib.SMTPException) -> set[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return {code for code, _answer in error.recipients.values()}
    return {error.smtp_code} if isinstance(error, smtplib.SMTPResponseException) else set()


def _leave(connection: smtplib.SMTP) -> None:
    with contextlib.suppress(OSError):
        connection.quit()
    connection.close()
