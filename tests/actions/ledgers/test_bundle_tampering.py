"""The tamper matrix on bundles: each is caught, named where it can be, and alike by verify.py and by the portal."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal import cli
from portal.ledgers.rules import notes
from portal.ledgers.rules.canonical import canonical_line, parsed_line
from portal.ledgers.verifier.joining import single_file
from portal.runtime import make_runtime
from tests.conftest import FixedClock, config_for
from tests.factories.bundles import (
    Files,
    Ledgers,
    lines_of,
    name_at,
    note_at,
    resigned,
    two_ledgers,
    with_lines,
    zipped,
)

OURS, STRANGER = b"l" * 32, b"x" * 32


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledgers]:
    folder = tmp_path_factory.mktemp("tampering")
    shutil.copy(sqlite_template, folder / "portal.db")
    runtime = make_runtime(config_for(f"sqlite:///{folder / 'portal.db'}", folder))
    runtime.clock = FixedClock()  # type: ignore[assignment]
    yield two_ledgers(runtime)
    runtime.close()


@pytest.fixture(scope="module")
def verify_py(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("alone") / "verify.py"
    file.write_text(single_file())
    return file


@pytest.fixture
def verdict(verify_py: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, object]]:
    """Ask both verifiers about files; they must answer alike, with the exit code that fits."""

    def ask(files: Files | Path, *options: str | Path) -> dict[str, object]:
        bundle = files if isinstance(files, Path) else zipped(files, tmp_path / "bundle.zip")
        arguments = [str(bundle), *map(str, options), "--json"]
        alone = subprocess.run(  # a machine that has Python and nothing else
            [sys.executable, "-I", "-S", str(verify_py), *arguments], capture_output=True, text=True, check=False
        )
        assert alone.stderr == ""
        found: dict[str, object] = json.loads(alone.stdout)
        capsys.readouterr()
        code = cli.run(["ledger", "verify", *arguments])
        assert json.loads(capsys.readouterr().out) == found
        assert alone.returncode == code == (0 if found["ok"] else 1)
        assert bool(found["problem"]) is not found["ok"]
        return found

    return ask


def changed(line: bytes, **fields: str | int) -> bytes:
    return canonical_line(parsed_line(line.decode()) | fields).encode()


def edit(files: Files, at: int, **fields: str | int) -> list[bytes]:
    lines = lines_of(files)
    lines[at] = changed(lines[at], **(fields or {"occurred_on": "2026-01-01"}))
    return lines


def test_what_was_exported_fits(house: Ledgers, verdict: Callable[..., dict[str, object]]) -> None:
    assert verdict(house.first, "--deep") == {
        "merchant": house.codes[0],
        "ok": True,
        "entries": 70,
        "root": verdict(house.opened, "--deep")["root"],
        "checkpoints": 3,
        "first_bad": None,
        "bad_after": None,
        "problem": None,
    }


def test_an_unpacked_bundle_verifies_itself(house: Ledgers, tmp_path: Path) -> None:
    for name, content in house.opened.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), "--deep"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "相符" in done.stdout
    assert "公钥" in done.stdout


def test_a_bundle_is_redacted_unless_opened(house: Ledgers) -> None:
    assert "openings.jsonl" not in house.first
    assert not any("张三" in content.decode("utf-8", "replace") for content in house.first.values())
    assert "张三" in house.opened["ledger.csv"].decode()


LINES = {  # what was done to the lines alone → the first bad entry
    "edited": (lambda lines: [*lines[:32], changed(lines[32], goods="别的"), *lines[33:]], 33),
    "deleted": (lambda lines: lines[:10] + lines[11:], 11),
    "inserted": (lambda lines: [*lines[:10], changed(lines[10], at="2026-08-12T00:00:00Z"), *lines[10:]], 11),
    "reordered": (lambda lines: [*lines[:40], lines[41], lines[40], *lines[42:]], 41),
    "truncated": (lambda lines: lines[:50], 51),
    "first deleted": (lambda lines: lines[1:], 1),
    "last edited": (lambda lines: [*lines[:69], changed(lines[69], reason="")], 70),
    "added at the end": (lambda lines: [*lines, lines[69]], 71),
    "emptied": (lambda lines: [], 1),
}


@pytest.mark.parametrize("name", LINES)
def test_changed_lines_are_named_where_their_hash_survives(
    house: Ledgers, verdict: Callable[..., dict[str, object]], name: str
) -> None:
    change, first_bad = LINES[name]
    found = verdict(with_lines(house.first, change(lines_of(house.first))))
    assert (found["ok"], found["first_bad"], found["bad_after"]) == (False, first_bad, None)


AFTER = {"edited": 20, "deleted": 0, "inserted": 0, "reordered": 20, "truncated": 50, "first deleted": 0}
AFTER |= {"last edited": 50, "added at the end": 70, "emptied": 0}


@pytest.mark.parametrize("name", LINES)
def test_changed_lines_and_hashes_are_bad_after_the_last_checkpoint_that_fits(
    house: Ledgers, verdict: Callable[..., dict[str, object]], name: str
) -> None:
    lines = LINES[name][0](lines_of(house.first))
    found = verdict(with_lines(house.first, lines, hashes=True))
    assert (found["ok"], found["first_bad"], found["bad_after"]) == (False, None, AFTER[name])


def test_another_merchants_lines_are_caught(house: Ledgers, verdict: Callable[..., dict[str, object]]) -> None:
    assert verdict(with_lines(house.first, lines_of(house.second)))["first_bad"] == 1
    assert verdict(with_lines(house.first, lines_of(house.second), hashes=True))["bad_after"] == 0


def test_two_ledgers_swapped_with_everything_but_their_names_are_caught(
    house: Ledgers, verdict: Callable[..., dict[str, object]]
) -> None:
    found = verdict(house.second | {"manifest.json": house.first["manifest.json"]})
    assert (found["ok"], found["merchant"]) == (False, house.codes[0])
    assert "另一个台账" in str(found["problem"])


def test_the_portal_refuses_a_bundle_of_another_merchant(
    house: Ledgers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = zipped(house.second, tmp_path / "b.zip")
    assert cli.run(["ledger", "verify", str(bundle), "--merchant", house.codes[0]]) == 1
    assert house.codes[1] in capsys.readouterr().out


def test_an_old_bundle_is_true_until_a_later_checkpoint_is_shown(
    house: Ledgers, verdict: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    (tmp_path / "kept.txt").write_bytes(note_at(house.first, 50))
    assert verdict(house.early)["ok"]
    found = verdict(house.early, "--checkpoint", tmp_path / "kept.txt")
    assert (found["ok"], found["bad_after"]) == (False, 20)
    assert "末尾被截去" in str(found["problem"])
    assert verdict(house.first, "--checkpoint", tmp_path / "kept.txt")["ok"]


def test_a_fork_by_the_operator_is_caught_by_an_earlier_checkpoint(
    house: Ledgers, verdict: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    (tmp_path / "kept.txt").write_bytes(note_at(house.first, 50))
    forked = resigned(house.first, edit(house.first, 30), OURS)
    assert verdict(forked)["ok"], "only what somebody kept can show it"
    found = verdict(forked, "--checkpoint", tmp_path / "kept.txt")
    assert (found["ok"], found["bad_after"]) == (False, 20)


def test_a_history_signed_by_a_stranger_is_caught_by_the_published_key(
    house: Ledgers, verdict: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    (tmp_path / "kept.txt").write_bytes(note_at(house.first, 50))
    vkey = house.first["keys.txt"].decode().strip()
    foreign = resigned(house.first, edit(house.first, 30), STRANGER)
    assert "公钥" in str(verdict(foreign, "--key", vkey)["problem"])
    assert not verdict(foreign, "--checkpoint", tmp_path / "kept.txt")["ok"]
    assert verdict(house.first, "--key", vkey)["ok"]


def test_a_forged_checkpoint_is_caught(house: Ledgers, verdict: Callable[..., dict[str, object]]) -> None:
    origin = json.loads(house.first["manifest.json"])["origin"]
    forged = notes.signed(notes.checkpoint_text(origin, 50, bytes(32)), origin, STRANGER).encode()
    found = verdict(house.first | {name_at(house.first, 50): forged})
    assert not found["ok"]
    last = verdict(house.first | {name_at(house.first, 70): forged})
    assert (last["ok"], last["bad_after"]) == (False, 50)


def test_a_checkpoint_with_another_root_under_the_old_signature_is_caught(
    house: Ledgers, verdict: Callable[..., dict[str, object]]
) -> None:
    note = note_at(house.first, 70)
    root = note.split(b"\n")[2]
    for wrong in (note.replace(root, note_at(house.first, 50).split(b"\n")[2]), note.replace(b"\n70\n", b"\n69\n")):
        found = verdict(house.first | {name_at(house.first, 70): wrong})
        assert (found["ok"], found["bad_after"]) == (False, 50)
        assert "签名无效" in str(found["problem"])


def test_a_missing_last_checkpoint_leaves_entries_unproved(
    house: Ledgers, verdict: Callable[..., dict[str, object]]
) -> None:
    without = {name: one for name, one in house.first.items() if name != name_at(house.first, 70)}
    assert verdict(without)["bad_after"] == 50


@pytest.mark.parametrize("name", ["proofs.json", "hashes.bin", "keys.txt", "manifest.json", "ledger.jsonl"])
@pytest.mark.parametrize("where", [0.0, 0.31, 0.72, 1.0])
def test_no_byte_of_what_proves_can_be_changed(
    house: Ledgers, verdict: Callable[..., dict[str, object]], name: str, where: float
) -> None:
    content = bytearray(house.first[name])
    at = min(int(where * len(content)), len(content) - 1)
    content[at] ^= 0x11
    found = verdict(house.first | {name: bytes(content)})
    told_only = name == "manifest.json"  # the merchant's name and the columns' titles prove nothing
    assert not found["ok"] or told_only


def test_a_stored_hash_that_was_changed_is_named(house: Ledgers, verdict: Callable[..., dict[str, object]]) -> None:
    hashes = bytearray(house.first["hashes.bin"])
    hashes[32 * 41] ^= 1
    found = verdict(house.first | {"hashes.bin": bytes(hashes)})
    assert (found["ok"], found["first_bad"]) == (False, 42)
    assert "哈希被改动" in str(found["problem"])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_zip_is_one_sentence(
    house: Ledgers, verdict: Callable[..., dict[str, object]], tmp_path: Path, share: float
) -> None:
    whole = zipped(house.first, tmp_path / "whole.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: int(len(whole) * share)])
    assert not verdict(tmp_path / "cut.zip")["ok"]


def test_a_foreign_file_is_one_sentence(verdict: Callable[..., dict[str, object]], tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"%PDF-1.7")
    assert "不是台账导出包" in str(verdict(tmp_path / "no.zip")["problem"])
    assert "缺少" in str(verdict({"hello.txt": b"hello"})["problem"])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(
    house: Ledgers, verdict: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    bundle = zipped(house.first, tmp_path / "twice.zip")
    with zipfile.ZipFile(bundle, "a") as zip_file:
        zip_file.writestr("ledger.jsonl", b"".join(line + b"\n" for line in edit(house.first, 3)))
    assert "重名" in str(verdict(bundle)["problem"])


DEEP: dict[str, Callable[[Files], Files]] = {
    "a cell": lambda files: (
        files | {"ledger.csv": files["ledger.csv"].replace("电水壶6".encode(), "电水壶9".encode(), 1)}
    ),
    "a row less": lambda files: files | {"ledger.csv": b"".join(files["ledger.csv"].splitlines(keepends=True)[:-1])},
    "a row more": lambda files: (
        files | {"ledger.csv": files["ledger.csv"] + files["ledger.csv"].splitlines(keepends=True)[-1]}
    ),
    "a title": lambda files: files | {"ledger.csv": files["ledger.csv"].replace("序号".encode(), "编码".encode(), 1)},
    "a value": lambda files: {name: one.replace("张三7".encode(), "张三8".encode()) for name, one in files.items()},
    "an opening alone": lambda files: (
        files | {"openings.jsonl": files["openings.jsonl"].replace("张三7".encode(), "李四".encode())}
    ),
    "openings of nobody": lambda files: (
        files | {"openings.jsonl": files["openings.jsonl"] + b'{"seq": 99, "values": {}}\n'}
    ),
    "openings that are none": lambda files: files | {"openings.jsonl": b"[]\n"},
}


@pytest.mark.parametrize("name", DEEP)
def test_what_proves_nothing_is_compared_deeply(
    house: Ledgers, verdict: Callable[..., dict[str, object]], name: str
) -> None:
    rogue = DEEP[name](dict(house.opened))
    assert rogue != house.opened
    assert not verdict(rogue, "--deep")["ok"]


ENTRIES: dict[str, dict[str, str | int]] = {
    "a number": {"number": 99},
    "a place": {"seq": 31},
    "a kind": {"kind": "gossip"},
    "a day": {"occurred_on": "yesterday"},
    "a merchant": {"merchant": "91350206MA2Y000000"},
    "a later entry amended": {"kind": "amendment", "amends": 60},
}


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_that_were_never_ours_are_named_deeply_even_when_signed(
    house: Ledgers, verdict: Callable[..., dict[str, object]], name: str
) -> None:
    signed = resigned(house.first, edit(house.first, 29, **ENTRIES[name]), OURS)
    assert verdict(signed)["ok"]
    assert verdict(signed, "--deep")["first_bad"] == 30


def test_wrong_usage_is_told_apart(verify_py: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "nothing.zip")
    alone = subprocess.run([sys.executable, "-I", "-S", str(verify_py), missing], capture_output=True, check=False)
    assert alone.returncode == 2
    assert cli.run(["ledger", "verify", missing]) == 2
    assert "用法不对" in capsys.readouterr().err
