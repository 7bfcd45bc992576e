"""What is made of an accepted picture."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from marketplace.media.images import SIZES, prepare
from tests.media.pictures import CORNERS, FORMATS, decoded, encoded, near, pixel, quarters

STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera stores an upright scene for each value of the EXIF orientation."""


def corner_colours(image: Image.Image) -> list[tuple[int, ...]]:
    quarter_x, quarter_y = image.width // 4, image.height // 4
    return [
        pixel(image, x, y)
        for y in (quarter_y, image.height - quarter_y)
        for x in (quarter_x, image.width - quarter_x)
    ]


def assert_upright(image: Image.Image) -> None:
    found = corner_colours(image)
    assert all(near(a, b) for a, b in zip(found, CORNERS.values(), strict=True)), found


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_kept_as_webp_in_three_sizes(kind: str) -> None:
    picture = prepare(encoded(quarters(2400, 1800), kind))
    assert {name: decoded(file).size for name, file in picture.files.items()} == {
        "large": (1920, 1440),
        "medium": (960, 720),
        "thumb": (320, 240),
    }
    assert all(file[:4] == b"RIFF" and file[8:12] == b"WEBP" for file in picture.files.values())
    assert (picture.width, picture.height) == (1920, 1440)
    assert picture.digest == hashlib.sha256(picture.files["large"]).hexdigest()
    for file in picture.files.values():
        assert_upright(decoded(file))


def test_a_small_picture_is_not_enlarged() -> None:
    picture = prepare(encoded(quarters(200, 100), "PNG"))
    assert {decoded(file).size for file in picture.files.values()} == {(200, 100)}


@pytest.mark.parametrize(("size", "thumb"), [((1, 1), (1, 1)), ((5000, 3), (320, 1)), ((3, 5000), (1, 320))])
def test_odd_shapes_survive(size: tuple[int, int], thumb: tuple[int, int]) -> None:
    picture = prepare(encoded(quarters(*size), "PNG"))
    assert decoded(picture.files["thumb"]).size == thumb


@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize("kind", FORMATS)
def test_pictures_come_out_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = STORED_AS[orientation]
    stored = quarters() if turn is None else quarters().transpose(turn)
    picture = prepare(encoded(stored, kind, exif=exif.tobytes()))
    assert (picture.width, picture.height) == (160, 120)
    for file in picture.files.values():
        assert_upright(decoded(file))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_metadata_is_no_reason_to_refuse() -> None:
    picture = prepare(encoded(quarters(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage"))
    assert_upright(decoded(picture.files["large"]))


def metadata(kind: str) -> dict[str, object]:
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    exif[0x9003] = "2026:09:01 10:00:00"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (39.0, 54.0, 26.0), 3: "E", 4: (116.0, 23.0, 29.0), 29: "SECRETGPS"}
    )
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0SECRETCOMMENT"
    given: dict[str, object] = {
        "exif": exif,
        "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        "xmp": b'<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRETXMP</x:xmpmeta>',
    }
    if kind == "JPEG":
        given["comment"] = b"SECRETNOTE"
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "SECRETNOTE")
        text.add_itxt("XML:com.adobe.xmp", "SECRETXMP")
        given["pnginfo"] = text
        del given["xmp"]
    return given


@pytest.mark.parametrize("kind", FORMATS)
def test_no_metadata_is_left_in_any_size(kind: str) -> None:
    original = encoded(quarters(), kind, **metadata(kind))
    assert b"SECRETCAMERA" in original
    assert b"SECRETXMP" in original
    for file in prepare(original).files.values():
        for trace in (b"SECRET", b"Exif", b"EXIF", b"ICCP", b"XMP", b"xmp", b"VP8X", b"2026:09:01"):
            assert trace not in file
        with Image.open(io.BytesIO(file)) as image:
            assert not image.getexif()
            assert not {"exif", "icc_profile", "xmp", "comment"} & image.info.keys()


def test_what_follows_a_picture_in_its_file_is_not_kept() -> None:
    trailing = encoded(quarters(), "JPEG") + b"PK\x03\x04 SECRETARCHIVE <script>alert(1)</script>"
    picture = prepare(trailing)
    assert all(b"SECRET" not in file and b"script" not in file for file in picture.files.values())


def test_colours_of_a_wide_profile_are_converted() -> None:
    """A profile with swapped primaries: read as sRGB the colours would be wrong."""
    red = prepare(encoded(Image.new("RGB", (40, 40), (200, 60, 60)), "PNG", icc_profile=swapped_profile()))
    plain = pixel(decoded(red.files["large"]), 20, 20)
    assert not near(plain, (200, 60, 60), 12)
    assert plain[1] > plain[0]


def swapped_profile() -> bytes:
    """An sRGB profile in which the red and green primaries have changed places."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")


@pytest.mark.parametrize("profile", [b"no profile at all", b"\0" * 200])
def test_a_broken_profile_is_passed_over(profile: bytes) -> None:
    picture = prepare(encoded(quarters(), "PNG", icc_profile=profile))
    assert_upright(decoded(picture.files["large"]))


def test_a_profile_of_another_mode_is_passed_over() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = prepare(encoded(Image.new("L", (40, 40), 128), "PNG", icc_profile=profile))
    assert near(pixel(decoded(picture.files["large"]), 20, 20), (128, 128, 128), 4)


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 90, (90, 90, 90)),
        ("LA", (90, 255), (90, 90, 90)),
        ("P", 0, (0, 0, 0)),
        ("RGBA", (10, 120, 200, 255), (10, 120, 200)),
        ("RGBA", (10, 120, 200, 0), (255, 255, 255)),
        ("I;16", 128 * 256, (128, 128, 128)),
    ],
)
def test_every_mode_of_png_becomes_opaque_colour(mode: str, colour: object, seen: tuple[int, ...]) -> None:
    picture = prepare(encoded(Image.new(mode, (40, 40), colour), "PNG"))  # type: ignore[arg-type]
    image = decoded(picture.files["large"])
    assert near(pixel(image, 20, 20), seen, 6)


def test_a_palette_with_a_transparent_colour_becomes_white_there() -> None:
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 200, 30, 30])
    ImageDraw.Draw(image).rectangle((0, 0, 19, 39), fill=0)
    kept = decoded(prepare(encoded(image, "PNG", transparency=0)).files["large"])
    assert near(pixel(kept, 8, 20), (255, 255, 255), 8)
    assert near(pixel(kept, 32, 20), (200, 30, 30))


def test_printers_colours_become_screen_colours() -> None:
    picture = prepare(encoded(Image.new("CMYK", (40, 40), (0, 0, 0, 0)), "JPEG"))
    assert near(pixel(decoded(picture.files["large"]), 20, 20), (255, 255, 255), 6)


def test_a_phone_picture_with_a_depth_map_counts_as_one_picture() -> None:
    file = encoded(quarters(), "MPO", save_all=True, append_images=[Image.new("L", (40, 30), 128)])
    assert_upright(decoded(prepare(file).files["large"]))


def test_of_several_pictures_in_a_heif_file_the_main_one_counts() -> None:
    file = encoded(quarters(), "HEIF", save_all=True, append_images=[Image.new("RGB", (64, 64), "black")])
    assert_upright(decoded(prepare(file).files["large"]))


def test_the_same_file_gives_the_same_picture() -> None:
    file = encoded(quarters(), "JPEG")
    assert prepare(file) == prepare(file)
    assert list(prepare(file).files) == list(SIZES)
