"""Evidence from hostile hands: told by its content, drawn anew, sealed, and shown only to whom it concerns."""

import io
import struct
import zlib
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import evidence
from portal.cases.evidence import AddEvidence, Purpose, Variant, add_evidence, open_evidence, plain_name
from portal.cases.models import Case, Evidence, EvidenceSide
from portal.core import files, uploads
from portal.core.access import grant_reading
from portal.core.actor import Actor, ActorKind, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.media import MAX_PIXELS, Media, sniff, spoken_size
from portal.core.privacy import DataKey
from portal.core.uploads import Upload
from tests.conftest import NOW
from tests.factories import disputes, people

GPS = 0x8825


def picture(kind: str = "JPEG", size: tuple[int, int] = (600, 400), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def picture_with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    exif[0x0112] = 6  # rotated: must be upright afterwards
    exif.get_ifd(GPS)[2] = (24.0, 29.0, 12.0)
    return picture(exif=exif)


def video(*boxes: tuple[bytes, bytes]) -> bytes:
    whole = (b"ftyp", b"isom\0\0\2\0isomiso2mp41"), *boxes
    return b"".join(struct.pack(">I4s", 8 + len(body), kind) + body for kind, body in whole)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be enormous."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def case(session: Session) -> Case:
    authority = people.authority(session)
    return disputes.case(session, authority, people.merchant(session, authority))


@pytest.fixture
def agent(session: Session, case: Case) -> Actor:
    assert case.merchant_id is not None
    return people.actor(session, people.member(session, case.merchant_id))


@pytest.fixture
def consumer(case: Case) -> Actor:
    return Actor(ActorKind.CONSUMER, name="消费者", case_id=case.id, link_id=1)


def added(session: Session, actor: Actor, case: Case, *uploads: tuple[str, bytes]) -> evidence.AddedEvidence:
    command = AddEvidence(tuple(Upload(*one) for one in uploads), reference=case.reference)
    return add_evidence(session, actor, command, now=NOW)


def test_a_photo_loses_its_place_and_stands_upright(session: Session, case: Case, agent: Actor) -> None:
    (row,) = added(session, agent, case, ("小票.JPG", picture_with_place())).stored
    shown = open_evidence(session, agent, row.reference, Variant.SHOWN, now=NOW)
    with Image.open(io.BytesIO(shown.content)) as seen:
        assert not seen.getexif()
        assert seen.size == (400, 600)
    assert b"secret" not in shown.content
    assert (shown.name, shown.media_type) == ("小票.jpg", "image/jpeg")
    thumbnail = open_evidence(session, agent, row.reference, Variant.THUMBNAIL, now=NOW)
    with Image.open(io.BytesIO(thumbnail.content)) as small:
        assert max(small.size) == 240


def test_nothing_lies_readable_in_the_store(session: Session, case: Case, agent: Actor, tmp_path: Path) -> None:
    content = picture_with_place()
    (row,) = added(session, agent, case, ("小票.jpg", content)).stored
    stored = [file for file in (tmp_path / "files").rglob("*") if file.is_file()]
    assert len(stored) == 3
    assert not any(b"JFIF" in file.read_bytes() or b"Exif" in file.read_bytes() for file in stored)
    key = session.get_one(DataKey, case.key_id)
    assert files.get(session, key, row.original_at, evidence.SEAL) == content


def test_a_file_that_was_touched_is_not_served(session: Session, case: Case, agent: Actor, tmp_path: Path) -> None:
    (row,) = added(session, agent, case, ("小票.jpg", picture())).stored
    session.commit()  # from here on the file has its name
    place = tmp_path / "files" / row.original_at[:2] / row.original_at[2:]
    place.write_bytes(place.read_bytes()[:-1] + b"\0")
    key = session.get_one(DataKey, case.key_id)
    with pytest.raises(files.Damaged):
        files.get(session, key, row.original_at, evidence.SEAL)
    files.remove(session, row.original_at)
    files.remove(session, row.original_at)
    session.commit()
    assert not place.exists()
    with pytest.raises(files.Damaged):
        files.get(session, key, row.original_at, evidence.SEAL)
    with pytest.raises(files.Damaged):
        files.get(session, key, "../../etc/passwd", evidence.SEAL)


def test_a_file_goes_when_its_removal_is_committed_not_before(
    session: Session, case: Case, agent: Actor, tmp_path: Path
) -> None:
    (row,) = added(session, agent, case, ("小票.jpg", picture())).stored
    session.commit()
    key = session.get_one(DataKey, case.key_id)
    content = files.get(session, key, row.original_at, evidence.SEAL)
    place = tmp_path / "files" / row.original_at[:2] / row.original_at[2:]
    for committed in (False, True):
        session.delete(row)
        session.flush()
        files.remove(session, row.original_at)
        assert files.get(session, key, row.original_at, evidence.SEAL) == content
        session.commit() if committed else session.rollback()
        assert place.exists() is not committed


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_each_kind_of_picture_is_drawn_anew(session: Session, case: Case, agent: Actor, kind: str) -> None:
    pillow_heif.register_heif_opener()
    (row,) = added(session, agent, case, (f"照片.{kind.lower()}", picture(kind))).stored
    shown = open_evidence(session, agent, row.reference, Variant.SHOWN, now=NOW)
    assert sniff(shown.content) is Media.JPEG
    assert row.media_type.startswith("image/")


def test_a_polyglot_keeps_only_its_picture(session: Session, case: Case, agent: Actor) -> None:
    tail = b"<script>alert(1)</script>PK\x03\x04%PDF-1.7"
    (row,) = added(session, agent, case, ("照片.pdf.html", picture() + tail)).stored
    assert row.media_type == "image/jpeg"
    shown = open_evidence(session, agent, row.reference, Variant.SHOWN, now=NOW)
    assert b"script" not in shown.content
    assert b"PDF" not in shown.content


def test_a_file_is_what_it_contains_not_what_it_is_called(session: Session, case: Case, agent: Actor) -> None:
    (row,) = added(session, agent, case, ("合同.pdf", picture("PNG"))).stored
    assert row.media_type == "image/png"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("程序.jpg", b"MZ\x90\0" + b"\0" * 200, "不是照片"),
        ("网页.png", b"<!doctype html><script>1</script>", "不是照片"),
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不是照片"),
        ("空.jpg", b"", "不是照片"),
        ("断.jpg", picture()[:500], "打不开"),
        ("假.webp", b"RIFF\x10\0\0\0WEBPVP8 " + b"\xff" * 40, "打不开"),
        ("炸弹.png", bomb(60_000, 60_000), "万像素"),
        ("宽.png", bomb(MAX_PIXELS + 1, 1), "万像素"),
        ("断.pdf", b"%PDF-1.7\n1 0 obj\n", "不完整"),
        ("断.mp4", video((b"mdat", b"x" * 10)), "不完整"),
        ("长.mp4", video((b"moov", b"x")) + b"\0\0\xff\xffmdat", "不完整"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence_and_nothing_is_kept(
    session: Session, case: Case, agent: Actor, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(RuleBroken, match=said) as refusal:
        added(session, agent, case, (name, content))
    assert refusal.value.field == "files"
    assert name in refusal.value.text
    assert session.scalars(select(Evidence.id)).all() == []


def test_too_big_and_too_many_are_refused(
    session: Session, case: Case, agent: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(uploads.LIMITS, Media.JPEG, 1024 * 1024)
    with pytest.raises(RuleBroken, match="超过 1 MB"):
        added(session, agent, case, ("大.jpg", picture() + b"\0" * 1024 * 1024))
    with pytest.raises(RuleBroken, match="一次最多"):
        added(session, agent, case, *[("小.jpg", picture())] * (evidence.MAX_AT_ONCE + 1))


def test_a_whole_pdf_and_video_are_kept_as_they_came(session: Session, case: Case, agent: Actor) -> None:
    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    film = video((b"moov", b"x" * 20), (b"mdat", b"y" * 30))
    rows = added(session, agent, case, ("合同.pdf", pdf), ("漏水.mp4", film)).stored
    assert [row.media_type for row in rows] == ["application/pdf", "video/mp4"]
    for row, content in zip(rows, (pdf, film), strict=True):
        assert open_evidence(session, agent, row.reference, Variant.SHOWN, now=NOW).content == content
        with pytest.raises(NotFound):
            open_evidence(session, agent, row.reference, Variant.THUMBNAIL, now=NOW)


def test_the_same_file_is_stored_once(session: Session, case: Case, agent: Actor) -> None:
    first = added(session, agent, case, ("a.jpg", picture()), ("b.jpg", picture()))
    again = added(session, agent, case, ("c.jpg", picture()))
    assert (len(first.stored), first.repeated, len(again.stored), again.repeated) == (1, 1, 0, 1)
    found = select(Fact.detail).where(Fact.subject_kind == SubjectKind.CASE, Fact.topic == Topic.EVIDENCE_ADDED)
    assert [detail["count"] for detail in session.scalars(found)] == [1]


def test_strangers_find_no_such_file(session: Session, case: Case, agent: Actor, consumer: Actor) -> None:
    (row,) = added(session, agent, case, ("小票.jpg", picture())).stored
    other = people.merchant(session, people.authority(session, "思明区局"))
    for stranger in (
        people.actor(session, people.member(session, other.id)),
        people.actor(session, people.member(session, other.authority_id, Role.OFFICER)),
        Actor(ActorKind.CONSUMER, case_id=case.id + 1),
        Actor(ActorKind.VISITOR),
        Actor(ActorKind.ADMIN, person_id=1),
    ):
        with pytest.raises(NotFound):
            open_evidence(session, stranger, row.reference, Variant.SHOWN, now=NOW)
    assert open_evidence(session, consumer, row.reference, Variant.SHOWN, now=NOW).content


def test_the_consumers_original_stays_with_consumer_and_authority(
    session: Session, case: Case, agent: Actor, consumer: Actor
) -> None:
    command = AddEvidence((Upload("照片.jpg", picture_with_place()),), case_id=case.id)
    (row,) = add_evidence(session, consumer, command, now=NOW).stored
    assert (row.side, row.purpose) == (EvidenceSide.CONSUMER, Purpose.EVIDENCE)
    with pytest.raises(NotFound):
        open_evidence(session, agent, row.reference, Variant.ORIGINAL, now=NOW)
    assert open_evidence(session, consumer, row.reference, Variant.ORIGINAL, now=NOW).content
    officer = people.actor(session, people.member(session, case.authority_id, Role.OFFICER))
    with pytest.raises(NotAllowed, match="理由"):
        open_evidence(session, officer, row.reference, Variant.THUMBNAIL, now=NOW)
    grant_reading(session, officer, SubjectKind.CASE, case.id, reason="verify_claim", now=NOW)
    session.flush()
    assert open_evidence(session, officer, row.reference, Variant.ORIGINAL, now=NOW).content


def test_an_earlier_merchants_files_stay_hidden(session: Session, case: Case, agent: Actor) -> None:
    (row,) = added(session, agent, case, ("小票.jpg", picture())).stored
    later = people.merchant(session, people.authority(session, "另一局"))
    case.merchant_id, case.dispatched_at = later.id, NOW.replace(hour=9)
    session.flush()
    successor = people.actor(session, people.member(session, later.id))
    with pytest.raises(NotFound):
        open_evidence(session, successor, row.reference, Variant.SHOWN, now=NOW)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\小票 1.jpg", "小票 1"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie x"),
        ("....", "文件"),
        ("", "文件"),
        ("长" * 90 + ".png", "长" * 60),
    ],
)
def test_a_name_keeps_only_what_is_harmless(given: str, kept: str) -> None:
    assert plain_name(given) == kept


def test_sizes_are_said_in_words() -> None:
    assert [spoken_size(size) for size in (10, 320_000, 4_400_000)] == ["1 KB", "312 KB", "4.2 MB"]
