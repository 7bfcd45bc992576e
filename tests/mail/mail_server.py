"""A small mail server on the loopback: enough of RFC 5321 for a client, and ways to be difficult."""

from __future__ import annotations

import base64
import contextlib
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from typing import cast


@dataclass
class Delivered:
    """A mail as it came in, with its envelope."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return cast(EmailMessage, BytesParser(policy=email.policy.default).parsebytes(self.content))


@dataclass
class Manners:
    """How the server treats its clients."""

    refused: dict[str, str] = field(default_factory=dict)
    """Answers to some recipients, such as ``550 no such mailbox``."""
    sender_answer: str = "250 ok"
    data_answer: str = "250 accepted"
    """Said after the content; without a text the server hangs up instead."""
    login: tuple[str, str] | None = None


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServerThread

    def handle(self) -> None:
        self.server.connections += 1
        self.sender, self.recipients = "", list[str]()
        self.say("220 ready")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if not getattr(self, f"on_{verb.lower()}", self.on_unknown)(rest):
                return

    def say(self, answer: str) -> bool:
        self.wfile.write(f"{answer}\r\n".encode())
        return True

    def on_unknown(self, _rest: str) -> bool:
        return self.say("502 not here")

    def on_ehlo(self, _rest: str) -> bool:
        return self.say("250-hello\r\n250 AUTH PLAIN" if self.server.manners.login else "250 hello")

    def on_auth(self, rest: str) -> bool:
        given = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")[1:]
        return self.say("235 welcome" if tuple(given) == self.server.manners.login else "535 who are you?")

    def on_mail(self, rest: str) -> bool:
        self.sender = rest.partition("<")[2].partition(">")[0]
        return self.say(self.server.manners.sender_answer)

    def on_rcpt(self, rest: str) -> bool:
        address = rest.partition("<")[2].partition(">")[0]
        self.recipients.append(address)
        return self.say(self.server.manners.refused.get(address, "250 ok"))

    def on_rset(self, _rest: str) -> bool:
        self.sender, self.recipients = "", []
        return self.say("250 ok")

    def on_data(self, _rest: str) -> bool:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        answer = self.server.manners.data_answer
        if not answer:
            return False
        if answer.startswith("2"):
            self.server.delivered.append(Delivered(self.sender, self.recipients, b"".join(lines)))
        self.recipients = []
        return self.say(answer)

    def on_quit(self, _rest: str) -> bool:
        self.say("221 bye")
        return False


class MailServerThread(socketserver.ThreadingTCPServer):
    """The server; it runs in a thread until it is closed."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, manners: Manners, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.manners = manners
        self.delivered: list[Delivered] = []
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextlib.contextmanager
def mail_server(manners: Manners | None = None, port: int = 0) -> Iterator[MailServerThread]:
    """A running server."""
    with MailServerThread(manners or Manners(), port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
