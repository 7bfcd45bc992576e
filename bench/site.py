"""The running program: its web servers, who is signed in there, and what its processes weigh."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import urllib3

from drill.installation import free_port
from marketplace.config import Settings
from marketplace.demo.people import PASSWORD
from marketplace.engines import process
from marketplace.serve import child_environment


@dataclass(frozen=True, slots=True)
class Site:
    """A web server at work."""

    port: int
    pid: int

    def signed_in(self, username: str) -> str:
        """The cookies of somebody who went through the sign-in page."""
        cookies: dict[str, str] = {}
        page = self._ask("GET", cookies).data.decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        answer = self._ask("POST", cookies, csrf_token=token[1], username=username, password=PASSWORD)
        assert answer.status in (302, 303), answer.status
        return _said(cookies)

    def _ask(self, method: str, cookies: dict[str, str], **fields: str) -> urllib3.BaseHTTPResponse:
        headers = {"Cookie": _said(cookies), "Content-Type": "application/x-www-form-urlencoded"}
        url, body = f"http://127.0.0.1:{self.port}/login", urlencode(fields)
        answer = urllib3.request(method, url, body=body, headers=headers, redirect=False, timeout=60)
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        return answer


def _said(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


@contextlib.contextmanager
def served(settings: Settings, *command: str, workers: int) -> Iterator[Site]:
    """A web server, as soon as it answers."""
    port = free_port()
    env = child_environment(settings) | {"PORT": str(port), "WORKERS": str(workers)}
    with _running(settings, env, *command) as (child, log):
        if not process.wait_until(lambda: _answers(port), seconds=60):
            sys.exit(process.tail(log, 40))
        yield Site(port, child.pid)


@contextlib.contextmanager
def jobs_running(settings: Settings) -> Iterator[int]:
    """The job process; its number."""
    with _running(settings, child_environment(settings), "marketplace.cli", "jobs") as (child, _):
        yield child.pid


@contextlib.contextmanager
def _running(
    settings: Settings, env: dict[str, str], *command: str
) -> Iterator[tuple[process.Process, Path]]:
    log = settings.home / "log" / f"{'-'.join(command)}.log"
    child = process.spawn([sys.executable, "-m", *command], env=env, log=log)
    try:
        yield child, log
    finally:
        process.stop(child)


def _answers(port: int) -> bool:
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        return urllib3.request("GET", f"http://127.0.0.1:{port}/", timeout=1, retries=False).status < 500
    return False


def children(pid: int) -> list[int]:
    """Processes that a process started, and those that they did."""
    direct = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [one for child in direct for one in (child, *children(child))]


def named(home: Path, word: str) -> list[int]:
    """Processes with this word and the home folder in their command: engines of ours."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes().decode(errors="replace")
            if word in command.split("\0")[0] and f"{home}/" in command:
                found.append(int(path.parent.name))
    return found


def peak_mb(pid: int) -> float:
    """The most memory that a process has had."""
    return _kb(Path(f"/proc/{pid}/status"), "VmHWM") / 1024


def rss_mb(pid: int) -> float:
    return _kb(Path(f"/proc/{pid}/status"), "VmRSS") / 1024


def shared_out_mb(pids: Iterable[int]) -> float:
    """Memory of processes that share much of it: what several have counts for each in part."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += _kb(Path(f"/proc/{pid}/smaps_rollup"), "Pss")
    return total / 1024


def _kb(path: Path, name: str) -> int:
    found = re.search(rf"^{name}:\s*(\d+)", path.read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
