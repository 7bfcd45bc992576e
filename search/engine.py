"""The client of Meilisearch: short patience for searches, clear failures."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast
from urllib.parse import quote

import orjson

from marketplace.config import Settings
from marketplace.engines.process import EngineError
from search.wire import Answer, Patience, Request, Wire

SEARCH_PATIENCE = Patience(connect=0.5, read=2.0)
"""A search that takes longer is answered by the database instead."""
PATIENCE = Patience(connect=30.0, read=60.0)
"""For all else."""
TASK_SECONDS = 600.0
"""How long a write may take until its writer gives up and tries again later."""
BUSY = 2
"""So many searches at once keep the engine's processors at work."""
PAYLOAD = 64_000_000
"""Bytes of documents that are sent at once: Meilisearch hangs up on more than 100 MB."""

Json = dict[str, Any]


class EngineDown(EngineError):
    """Meilisearch can't be reached, is too slow or is not able to answer at the moment."""


class EngineRefused(EngineError):
    """Meilisearch answered that it can't do this, for instance because the index is of an older release."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"Meilisearch: {message} ({code})")
        self.code = code


class _UnderWay:
    """Counts those who are within."""

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.number += 1

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self.number -= 1


class Engine:
    """One Meilisearch and the index of this installation in it. Safe to share between threads.

    ``name`` tells it from the others, where there are several.
    """

    def __init__(self, settings: Settings) -> None:
        self.index = settings.index_name
        self.name = settings.meili_url.partition("://")[2].rpartition("@")[2]
        self._wire = Wire(settings.meili_url)
        self._under_way = _UnderWay()
        self._headers = {
            "Authorization": f"Bearer {settings.meili_key}",
            "Content-Type": "application/json",
            # A compressed answer comes in small chunks and waits for our delayed ACK: 40 ms lost.
            "Accept-Encoding": "identity",
        }

    def search(self, *queries: Json) -> Iterator[Json]:
        """Searches in the live index, side by side: together they take as long as the longest.

        Each answer can be worked on while the next ones are yet to come; all have to be taken.

        Raises:
            EngineDown: no answer, or not within two seconds.
            EngineRefused: a query asks for what the index does not have.
        """
        path = f"/indexes/{_name(self.index)}/search"
        with self._under_way:
            yield from self._ask([self._request("POST", path, query) for query in queries], SEARCH_PATIENCE)

    @property
    def is_busy(self) -> bool:
        """Whether several searches of this process are under way: one more takes what others need."""
        return self._under_way.number >= BUSY

    def healthy(self) -> bool:
        """Whether searches can be answered now."""
        try:
            list(self._ask([self._request("GET", f"/indexes/{_name(self.index)}")], SEARCH_PATIENCE))
        except EngineError:
            return False
        return True

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Any other request, with more patience.

        Raises:
            EngineDown: no answer within a minute.
            EngineRefused: the request can't be fulfilled.
        """
        [answer] = self._ask([self._request(method, path, body)], PATIENCE)
        return answer

    def put_documents(self, index: str, lines: Iterable[bytes]) -> Json:
        """Send documents, one JSON object per line, replacing those with the same id; returns the task."""
        headers = self._headers | {"Content-Type": "application/x-ndjson"}
        request = Request("POST", f"/indexes/{_name(index)}/documents", b"\n".join(lines), headers)
        [task] = self._ask([request], PATIENCE)
        return cast(Json, task)

    def put_all(self, index: str, lines: Iterable[bytes]) -> list[Json]:
        """The same for as many as there are, in requests that the engine takes; returns the tasks."""
        return [self.put_documents(index, portion) for portion in portions(lines)]

    def delete_documents(self, index: str, ids: Sequence[int]) -> Json:
        """Remove documents; ids without a document are no error; returns the task."""
        task: Json = self.call("POST", f"/indexes/{_name(index)}/documents/delete-batch", list(ids))
        return task

    def wait(self, task: Json, *, seconds: float = TASK_SECONDS) -> None:
        """Return when a task has succeeded; one that takes too long is withdrawn, so that none pile up.

        Raises:
            EngineDown: it did not end in time.
            EngineRefused: it failed; the message is the engine's.
        """
        uid, deadline, pause = task["taskUid"], time.monotonic() + seconds, 0.002
        while (state := self.call("GET", f"/tasks/{uid}"))["status"] in {"enqueued", "processing"}:
            if time.monotonic() > deadline:
                self.call("POST", f"/tasks/cancel?uids={uid}")
                raise EngineDown(f"Meilisearch: task {uid} did not end within {seconds:.0f} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)
        if state["status"] != "succeeded":
            error = state.get("error") or {"code": state["status"], "message": f"task {uid} did not succeed"}
            raise EngineRefused(error["code"], error["message"])

    def _request(self, method: str, path: str, body: object = None) -> Request:
        return Request(method, path, b"" if body is None else orjson.dumps(body), self._headers)

    def _ask(self, requests: Sequence[Request], patience: Patience) -> Iterator[Any]:
        try:
            for answer in self._wire.ask(requests, patience):
                yield _content(answer)
        except (OSError, orjson.JSONDecodeError) as error:
            raise EngineDown(f"Meilisearch does not answer: {error}") from error


def portions(lines: Iterable[bytes], most: int = PAYLOAD) -> Iterator[list[bytes]]:
    """The lines in their order, in portions of so many bytes; a longer line is one by itself."""
    portion: list[bytes] = []
    size = 0
    for line in lines:
        # With the line's end.
        if portion and size + len(line) + 1 > most:
            yield portion
            portion, size = [], 0
        portion.append(line)
        size += len(line) + 1
    if portion:
        yield portion


def engines_of(settings: Settings) -> tuple[Engine, ...]:
    """Every search node, in the order in which the settings name them."""
    return tuple(Engine(dataclasses.replace(settings, meili_url=url)) for url in settings.meili_urls)


def _content(answer: Answer) -> Any:
    content = orjson.loads(answer.content) if answer.content else None
    if answer.status < 400:
        return content
    if answer.status in {408, 429} or answer.status >= 500:
        raise EngineDown(f"Meilisearch is not able to answer: {answer.status}")
    problem = content if isinstance(content, dict) else {}
    raise EngineRefused(problem.get("code", str(answer.status)), problem.get("message", ""))


def _name(index: str) -> str:
    return quote(index, safe="")
