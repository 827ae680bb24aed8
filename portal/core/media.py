"""What an uploaded file really is, whatever its name says, and a clean copy of each picture (decisions 25)."""

import io
import struct
from dataclasses import dataclass
from enum import StrEnum

import pillow_heif
from PIL import Image, ImageOps

MEGABYTE = 1024 * 1024
MAX_PIXELS = 60_000_000  # our limit: more than any phone's camera makes in one picture of use here
SHOWN_SIDE = 2400  # pixels of the longer side
THUMBNAIL_SIDE = 240
QUALITY = 85

_BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, TypeError, LookupError, ArithmeticError)
_BROKEN_TOO = (RuntimeError, MemoryError, AssertionError)  # decoders of hostile files raise almost anything

Image.MAX_IMAGE_PIXELS = None  # our own check comes first: Pillow's warns where it should refuse
pillow_heif.register_heif_opener(thumbnails=False)


class Media(StrEnum):
    """The kinds of files that may be evidence, by media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"
    PDF = "application/pdf"
    MP4 = "video/mp4"


PICTURES: dict[Media, tuple[str, ...]] = {  # with the only Pillow decoders that may touch them
    Media.JPEG: ("JPEG",),
    Media.PNG: ("PNG",),
    Media.WEBP: ("WEBP",),
    Media.HEIC: ("HEIF",),
}
SUFFIXES = {
    Media.JPEG: "jpg",
    Media.PNG: "png",
    Media.WEBP: "webp",
    Media.HEIC: "heic",
    Media.PDF: "pdf",
    Media.MP4: "mp4",
}
LIMITS = dict.fromkeys(Media, 20 * MEGABYTE) | {Media.MP4: 50 * MEGABYTE}  # bytes; our limits

HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
MP4_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"qt  ", b"3gp4", b"3gp5"}
)


class Unreadable(Exception):  # noqa: N818  told to the person as a refusal by whoever knows the file's name
    """The content is not what its first bytes promise, or asks for more than we give; the text says which."""


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """Copies without metadata, both JPEG."""

    shown: bytes
    thumbnail: bytes


def sniff(content: bytes) -> Media | None:
    """Tell the kind of a file by its content; None for what may not be evidence."""
    head = content[:12]
    if head.startswith(b"\xff\xd8\xff"):
        return Media.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Media.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Media.WEBP
    if head.startswith(b"%PDF-"):
        return Media.PDF
    if head[4:8] == b"ftyp":
        return Media.HEIC if head[8:12] in HEIC_BRANDS else Media.MP4 if head[8:12] in MP4_BRANDS else None
    return None


def clean_picture(content: bytes, media: Media) -> CleanPicture:
    """Decode a picture and draw it anew, upright and without metadata; raises Unreadable."""
    try:
        with Image.open(io.BytesIO(content), formats=PICTURES[media]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Unreadable(f"图片超过 {MAX_PIXELS // 10_000} 万像素")
            upright = ImageOps.exif_transpose(_smaller(picture, SHOWN_SIDE))
            return CleanPicture(shown=_drawn(upright, SHOWN_SIDE), thumbnail=_drawn(upright, THUMBNAIL_SIDE))
    except (*_BROKEN, *_BROKEN_TOO) as problem:
        raise Unreadable("图片已损坏，打不开") from problem


def check_document(content: bytes, media: Media) -> None:
    """Refuse with Unreadable a PDF without an end or a video whose boxes do not add up."""
    if media is Media.PDF and b"%%EOF" not in content[-2048:]:
        raise Unreadable("PDF 不完整，打不开")
    if media is Media.MP4 and b"moov" not in _boxes(content):
        raise Unreadable("视频不完整，打不开")


def _smaller(picture: Image.Image, side: int) -> Image.Image:
    picture.draft("RGB", (side, side))  # lets JPEG decode at a fraction of its size
    return picture


def _drawn(picture: Image.Image, side: int) -> bytes:
    copy = picture.copy()
    copy.thumbnail((side, side))
    if copy.mode in ("RGBA", "LA", "PA", "P"):
        seen = copy.convert("RGBA")
        paper = Image.new("RGB", copy.size, "white")
        paper.paste(seen, mask=seen.getchannel("A"))
        copy = paper
    plain = Image.new("RGB", copy.size)  # a fresh one carries no EXIF, no profile, no comment
    plain.paste(copy.convert("RGB"))
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _boxes(content: bytes) -> set[bytes]:
    """The types of an MP4's outermost boxes; empty where their sizes do not add up to the file."""
    found: set[bytes] = set()
    at = 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        if size == 1 and at + 16 <= len(content):
            (size,) = struct.unpack_from(">Q", content, at + 8)
        elif size == 0:
            size = len(content) - at
        if size < 8 or at + size > len(content):
            return set()
        found.add(kind)
        at += size
    return found


def plain_name(name: str) -> str:
    """A file's name without path, suffix and control characters, at most 60 characters."""
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
    kept = "".join(char for char in (stem[0] or stem[2]) if char.isprintable() and char not in '"<>|:*?')
    return kept.strip(" .")[:60] or "文件"


def spoken_size(size: int) -> str:
    """Write a size in bytes for people: 312 KB, 4.2 MB."""
    if size < MEGABYTE:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / MEGABYTE:.1f} MB"
