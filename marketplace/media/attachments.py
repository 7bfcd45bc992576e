"""Files that hang on a public notice: what they are by their content, and images without their metadata."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from marketplace.domain.errors import Invalid, invalid_field
from marketplace.domain.text import N_
from marketplace.media.containers import Container, is_complete, recognise
from marketplace.media.images import MAX_PIXELS

_IMAGES = {Container.JPEG: ("image/jpeg", "jpg"), Container.PNG: ("image/png", "png")}
_TAIL = 2048
"""Bytes at the end of a PDF among which its end mark stands."""
_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file ready to be kept."""

    media_type: str
    extension: str
    data: bytes


def prepare(content: bytes) -> Attachment:
    """Tell a file by its content, never by its name.

    A PDF stays as it is, byte for byte. Of an image the pixels are kept, upright, and nothing of what it
    says of place, camera and owner.

    Raises:
        Invalid: neither PDF nor JPEG nor PNG, cut off or damaged.
    """
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-_TAIL:]:
            raise _refused(N_("PDF文件不完整，可能没有传完。请重新上传原文件。"))
        return Attachment("application/pdf", "pdf", content)
    container = recognise(content)
    if container not in _IMAGES:
        raise _refused(N_("附件请用PDF或图片（JPG、PNG）文件。"))
    if not is_complete(container, content):
        raise _refused(N_("图片文件不完整，可能没有传完。请重新上传原文件。"))
    return Attachment(*_IMAGES[container], _plain(content, container))


def _plain(content: bytes, container: Container) -> bytes:
    """The picture encoded anew; a decoder raises nearly every built-in error on damaged bytes."""
    try:
        with Image.open(io.BytesIO(content), formats=[container]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _refused(N_("图片的像素过多。请缩小尺寸后再上传。"))
            return _encoded(ImageOps.exif_transpose(image), container)
    except Invalid:
        raise
    except Exception as error:
        raise _refused(N_("图片文件已损坏，无法读取。请换一个文件。")) from error


def _encoded(image: Image.Image, container: Container) -> bytes:
    source = image.convert("RGB" if container is Container.JPEG else "RGBA")
    bare = Image.new(source.mode, source.size)
    bare.paste(source)
    file = io.BytesIO()
    bare.save(file, container, quality=_QUALITY)
    return file.getvalue()


def _refused(message: str) -> Invalid:
    return invalid_field("file", message)
