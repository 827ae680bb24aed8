"""Files that somebody hands in: told by their content, measured and cleaned before anything is stored (decisions 25)."""

from collections.abc import Collection
from dataclasses import dataclass

from portal.core.errors import RuleBroken
from portal.core.media import (
    LIMITS,
    MEGABYTE,
    PICTURES,
    CleanPicture,
    Media,
    Unreadable,
    check_document,
    clean_picture,
    sniff,
)

PAPERS = frozenset({*PICTURES, Media.PDF})
NAME_SHOWN = 60  # characters of a name in a refusal


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, name and bytes; neither is to be trusted."""

    name: str
    content: bytes


def accepted(
    upload: Upload, wanted: Collection[Media] = tuple(Media), *, remedy: str = "请换成这几种文件再上传。"
) -> Media:
    """Tell what a file is; refuses with RuleBroken (field "files") what is not wanted or too big."""
    name, media = upload.name[:NAME_SHOWN], sniff(upload.content)
    if media is None or media not in wanted:
        kinds = (
            "照片（JPG、PNG、WEBP、HEIC）、PDF 或 MP4 视频"
            if Media.MP4 in wanted
            else "照片（JPG、PNG、WEBP、HEIC）或 PDF"
        )
        raise RuleBroken(f"“{name}”不是{kinds}，没有存下来。{remedy}", field="files")
    if len(upload.content) > LIMITS[media]:
        limit = LIMITS[media] // MEGABYTE
        raise RuleBroken(f"“{name}”超过 {limit} MB，没有存下来。请压缩或分开上传。", field="files")
    return media


def cleaned(upload: Upload, media: Media, *, remedy: str = "请重新拍照或导出后再上传。") -> CleanPicture | None:
    """Draw a picture anew, or look at the frame of a PDF or video; refuses with RuleBroken what is damaged."""
    try:
        if media in PICTURES:
            return clean_picture(upload.content, media)
        check_document(upload.content, media)
    except Unreadable as problem:
        name = upload.name[:NAME_SHOWN]
        raise RuleBroken(f"“{name}”：{problem}，没有存下来。{remedy}", field="files") from problem
    return None
