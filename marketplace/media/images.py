"""From an uploaded file to a picture that can be kept: checked, upright, without metadata, in three sizes.

Nothing of the file itself is kept. Position, camera, owner, comments and embedded thumbnails go with
it; what remains are pixels in sRGB, encoded anew as WebP.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pillow_heif
from PIL import Image, ImageCms

from marketplace.domain.errors import Invalid, invalid_field
from marketplace.domain.text import N_
from marketplace.media.containers import Container, is_complete, is_sequence, recognise
from marketplace.media.fingerprints import fingerprint

SIZES = {"large": 1920, "medium": 960, "thumb": 320}
"""Longest side in pixels of each kept size, largest first; a smaller picture is never enlarged."""
QUALITY = {"large": 82, "medium": 80, "thumb": 76}
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the orientation its EXIF data states."""
_ORIENTATION = 0x0112
_AT_ONCE = threading.BoundedSemaphore(2)
"""Pictures decoded at once in one process: one of 50 megapixels takes up to 0.8 GB of memory."""
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

# An embedded thumbnail may show something else than the picture, and would hide that it is cut off.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be kept."""

    digest: str
    """SHA-256 of the large size's file, hexadecimal: the content hash that names all three files."""
    fingerprint: int
    """Perceptual hash, see :mod:`marketplace.media.fingerprints`."""
    width: int
    """Of the large size, in pixels."""
    height: int
    files: dict[str, bytes]
    """The WebP file of each size, by its name in ``SIZES``."""


def prepare(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> Picture:
    """Check an uploaded file and make what is kept of it.

    Raises:
        Invalid: it is too large, not an accepted image, damaged, cut off or animated.
    """
    container = _checked_container(data, max_bytes)
    with _AT_ONCE, _refusing(max_pixels), Image.open(io.BytesIO(data), formats=[container]) as image:
        _check_header(image, container, max_pixels)
        small = _reduced(image)
        plain = _plain(small, image.info.get("icc_profile"))
        return _picture(_turned(plain, _orientation(image)))


def _checked_container(data: bytes, max_bytes: int) -> Container:
    if not data:
        raise _refused(N_("文件是空的，请重新选择照片。"))
    if len(data) > max_bytes:
        raise _refused(
            N_("照片文件有%(size)s MB，超过%(limit)s MB的上限。请用较低的画质重新拍摄或压缩后再上传。"),
            size=f"{len(data) / 2**20:.1f}",
            limit=f"{max_bytes / 2**20:g}",
        )
    container = recognise(data)
    if container is None:
        raise _refused(
            N_("文件内容不是可用的照片（与文件名无关）。请上传 JPEG、PNG、WebP、AVIF 或 HEIC 格式的照片。")
        )
    if not is_complete(container, data):
        raise _refused(N_("照片文件不完整，可能没有传完。请重新上传原文件。"))
    if is_sequence(data):
        raise _animated()
    return container


def _check_header(image: Image.Image, container: Container, max_pixels: int) -> None:
    """What the header tells, before any pixel is decoded."""
    if image.width * image.height > max_pixels:
        raise _too_many_pixels(max_pixels)
    # Several pictures in a JPEG or HEIF file are depth or brightness maps, or a burst: the main one counts.
    animates = container in {Container.PNG, Container.WEBP, Container.AVIF}
    if animates and getattr(image, "is_animated", False):
        raise _animated()


def _reduced(image: Image.Image) -> Image.Image:
    """Decode at about the size needed and reduce, in a mode that can be resampled."""
    longest = SIZES["large"]
    image.draft(None, (2 * longest, 2 * longest))
    image.load()
    if image.mode.startswith("I;16"):
        # Sixteen bits a pixel: the upper eight are what a screen shows.
        image = image.point(lambda value: value / 256).convert("L")
    elif image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in {"L", "LA", "RGB", "RGBA", "CMYK"}:
        image = image.convert("RGB")
    return _within(image, longest)


def _within(image: Image.Image, longest: int) -> Image.Image:
    ratio = longest / max(image.size)
    if ratio >= 1:
        return image
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _plain(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Opaque sRGB in an image that carries nothing else; what was transparent becomes white."""
    if "A" in image.mode:
        rgba = image.convert("RGBA")
        image = Image.new("RGB", rgba.size, "white")
        image.paste(rgba, mask=rgba.getchannel("A"))
    plain = Image.new("RGB", image.size)
    plain.paste(_in_srgb(image, profile) if profile else image.convert("RGB"))
    return plain


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours as the profile means them; a broken profile, or one of another mode, is passed over."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert("RGB")
    return converted or image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """The stated orientation; damaged metadata says nothing and is no reason to refuse the picture."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _picture(image: Image.Image) -> Picture:
    files = {name: _encoded(_within(image, longest), QUALITY[name]) for name, longest in SIZES.items()}
    digest = hashlib.sha256(files["large"]).hexdigest()
    return Picture(digest, fingerprint(image), image.width, image.height, files)


def _encoded(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()


@contextlib.contextmanager
def _refusing(max_pixels: int) -> Iterator[None]:
    """Turn whatever a decoder raises on hostile or damaged bytes into one clear refusal.

    Decoders raise nearly every built-in error, so naming some of them would let others through.
    """
    try:
        yield
    except Invalid:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(max_pixels) from error
    except Exception as error:
        raise _refused(N_("照片文件已损坏，无法读取。请换一张照片，或重新导出后再上传。")) from error


def _too_many_pixels(limit: int) -> Invalid:
    return _refused(
        N_("照片的像素超过%(limit)d万的上限。请缩小尺寸后再上传。"),
        limit=limit // 10_000,
    )


def _animated() -> Invalid:
    return _refused(N_("这是动图，不能作为资产照片。请上传一张静态照片。"))


def _refused(message: str, **params: object) -> Invalid:
    return invalid_field("file", message, **params)
