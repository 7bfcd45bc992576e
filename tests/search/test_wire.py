"""Answers of HTTP servers, whole, in chunks and cut short."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.wire import Answer, read_answer

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nDate: now\r\n\r\n"
CHUNKED = b"HTTP/1.1 202 Accepted\r\ntransfer-encoding:  Chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (PLAIN + b"null", Answer(200, b"null")),
        (b"HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", Answer(200, b"")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204, b"")),
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: Close\r\n\r\n{}",
            Answer(404, b"{}", True),
        ),
        (CHUNKED + b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", Answer(202, b"abc0123456789")),
        (CHUNKED + b"0\r\nExpires: never\r\n\r\n", Answer(202, b"")),
    ],
)
def test_an_answer_ends_where_it_says(sent: bytes, expected: Answer) -> None:
    stream = io.BytesIO(sent + PLAIN + b"next")
    assert read_answer(stream) == expected
    assert read_answer(stream) == Answer(200, b"next")


@pytest.mark.parametrize(
    "sent",
    [
        *(b"", b"\r\n", b"SSH-2.0\r\n", b"HTTP/1.1 ok\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"),
        *(PLAIN + b"nul", CHUNKED + b"3\r\nab", CHUNKED + b"zz\r\nab\r\n", CHUNKED),
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_an_error(sent: bytes) -> None:
    with pytest.raises(ConnectionError):
        read_answer(io.BytesIO(sent))


@given(st.binary(min_size=1, max_size=300), st.lists(st.integers(1, 50), min_size=1), st.data())
def test_any_content_in_any_chunks_and_never_a_part_of_it(
    content: bytes, sizes: list[int], data: st.DataObject
) -> None:
    rest, chunks = content, b""
    for size in [*sizes, len(content)]:
        part, rest = rest[:size], rest[size:]
        chunks += b"%x\r\n%s\r\n" % (len(part), part) if part else b""
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)
    for sent in (plain, CHUNKED + chunks + b"0\r\n\r\n"):
        assert read_answer(io.BytesIO(sent)).content == content
    cut = data.draw(st.integers(0, len(plain) - 1))
    with pytest.raises(ConnectionError):
        read_answer(io.BytesIO(plain[:cut]))
