"""What is not accepted as a picture, whatever it is called."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from marketplace.domain.errors import Invalid
from marketplace.media.containers import Container, is_complete, recognise
from marketplace.media.images import MAX_PIXELS, Picture, prepare
from tests.media.pictures import FORMATS, encoded, quarters

EXAMPLES = {kind: encoded(quarters(96, 64), kind) for kind in FORMATS}
EXAMPLES["progressive JPEG"] = encoded(quarters(96, 64), "JPEG", progressive=True)
EXAMPLES["lossless WebP"] = encoded(quarters(96, 64), "WEBP", lossless=True)


def refusal(data: bytes, **limits: int) -> Invalid:
    with pytest.raises(Invalid) as caught:
        prepare(data, **limits)
    assert caught.value.fields[0].field == "file"
    return caught.value


def test_every_example_is_accepted_whole() -> None:
    for data in EXAMPLES.values():
        assert isinstance(prepare(data), Picture)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_file_cut_off_anywhere_is_refused(kind: str) -> None:
    data = EXAMPLES[kind]
    cuts = {*range(0, len(data), max(1, len(data) // 90)), *range(len(data) - 24, len(data))}
    for cut in sorted(cuts):
        refusal(data[:cut])


def test_a_cut_off_file_is_told_from_an_unreadable_one() -> None:
    data = EXAMPLES["JPEG"]
    assert "不完整" in str(refusal(data[: len(data) // 2]))
    assert "损坏" in str(refusal(EXAMPLES["PNG"][:40] + bytes(60) + EXAMPLES["PNG"][100:]))


def test_an_embedded_thumbnail_does_not_end_a_cut_off_file() -> None:
    thumbnail = encoded(quarters(16, 12), "JPEG")
    application = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    data = EXAMPLES["JPEG"]
    whole = data[:2] + application + data[2:]
    assert isinstance(prepare(whole), Picture)
    refusal(whole[: len(whole) - len(data) // 3])


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("photo.jpg", EXAMPLES["JPEG"])
    return file.getvalue()


DISGUISED = {
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "pdf": b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF",
    "html": b"<!doctype html><img src=x onerror=alert(1)>",
    "zip": archive(),
    "gif": encoded(quarters(), "GIF"),
    "bmp": encoded(quarters(), "BMP"),
    "tiff": encoded(quarters(), "TIFF"),
    "jpeg 2000": encoded(quarters(), "JPEG2000"),
    "icon": encoded(quarters(), "ICO"),
    "video": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(200),
    "text": "这不是照片".encode(),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
    "sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(24),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_other_files_are_refused(name: str) -> None:
    assert recognise(DISGUISED[name]) is None
    assert "JPEG、PNG、WebP、AVIF 或 HEIC" in str(refusal(DISGUISED[name]))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_s_head_on_another_body_is_refused(kind: str) -> None:
    refusal(EXAMPLES[kind][:32] + DISGUISED["html"] * 20)


def test_an_empty_file_is_refused() -> None:
    assert "空" in str(refusal(b""))


def test_a_file_over_the_limit_is_refused_unread() -> None:
    error = refusal(b"\xff" * 3_000_000, max_bytes=2_097_152)
    assert error.params == {"size": "2.9", "limit": "2"}


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_moving_pictures_are_refused(kind: str) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    error = refusal(data)
    assert ("动图" in str(error)) == (kind != "GIF")


@pytest.mark.parametrize("brand", [b"msf1", b"hevc"])
def test_a_heif_sequence_is_refused(brand: bytes) -> None:
    data = EXAMPLES["HEIF"]
    assert "动图" in str(refusal(data[:8] + brand + data[12:]))


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(10_000, 5_001), (50_000, 50_000), (2**31 - 1, 2**31 - 1), (1, 50_000_001)])
def test_too_many_pixels_are_refused_by_the_header_alone(size: tuple[int, int]) -> None:
    data = png(*size)
    assert len(data) < 100
    assert "5000万" in str(refusal(data))


@pytest.mark.parametrize("kind", FORMATS)
def test_the_pixel_limit_holds_for_every_format(kind: str) -> None:
    assert isinstance(prepare(EXAMPLES[kind], max_pixels=96 * 64), Picture)
    assert "上限" in str(refusal(EXAMPLES[kind], max_pixels=96 * 64 - 1))


def test_a_webp_header_that_lies_is_refused() -> None:
    data = bytearray(encoded(quarters(), "WEBP", xmp=b"<x:xmpmeta/>"))
    assert data[12:16] == b"VP8X"
    data[24:30] = b"\xff\xff\xff\xff\xff\xff"
    refusal(bytes(data))


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = EXAMPLES["progressive JPEG"]
    start = data.rindex(b"\xff\xda")
    scans = data[:start] + data[start:-2] * 200 + data[-2:]
    assert not is_complete(Container.JPEG, scans)
    refusal(scans)


def test_a_compressed_text_that_unpacks_without_end_is_refused() -> None:
    bomb = b"Comment\0\0" + zlib.compress(bytes(80_000_000))
    text = struct.pack(">I", len(bomb)) + b"zTXt" + bomb + struct.pack(">I", zlib.crc32(b"zTXt" + bomb))
    data = EXAMPLES["PNG"]
    refusal(data[:33] + text + data[33:])


def test_the_limit_is_fifty_megapixels() -> None:
    assert MAX_PIXELS == 50_000_000


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_a_picture_or_a_refusal(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(EXAMPLES)))
    damaged = bytearray(EXAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        how = data.draw(st.sampled_from(["set", "delete", "insert", "repeat"]))
        if how == "set":
            damaged[at] = data.draw(st.integers(0, 255))
        elif how == "delete":
            del damaged[at : at + data.draw(st.integers(1, 40))]
        elif how == "insert":
            damaged[at:at] = data.draw(st.binary(max_size=40))
        else:
            damaged[at:at] = damaged[at : at + 60]
        if not damaged:
            break
    try:
        picture = prepare(bytes(damaged), max_pixels=4_000_000)
    except Invalid:
        return
    assert picture.width * picture.height <= 4_000_000
    assert set(picture.files) == {"large", "medium", "thumb"}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_noise_is_refused(noise: bytes) -> None:
    for head in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x14ftypheic"):
        refusal(head + noise)
