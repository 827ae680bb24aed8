"""A house with two ledgers, their bundles taken apart into files, and a rogue who puts them together again."""

import base64
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from portal.core.actor import OPERATOR
from portal.ledgers.bundles import ExportLedger, export_ledger, write_bundle
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.ledgers.rules import merkle, notes
from portal.runtime import Runtime
from tests.factories import people
from tests.factories.ledgers import amendment, entered, mixed

Files = dict[str, bytes]
STAGES = (20, 30, 20)  # entries before each checkpoint of the first ledger


@dataclass(frozen=True)
class Ledgers:
    """Two merchants' ledgers and what was exported of them."""

    runtime: Runtime
    merchant_ids: tuple[int, int]
    codes: tuple[str, str]
    first: Files  # 70 entries, checkpoints at 20, 50 and 70
    opened: Files
    second: Files  # 30 entries
    early: Files  # the first ledger when it had 20


def two_ledgers(runtime: Runtime) -> Ledgers:
    """Fill two ledgers, signing now and then."""
    with runtime.writing() as session:
        authority = people.authority(session)
        merchants = [people.merchant(session, authority) for _ in range(2)]
        ids, codes = [one.id for one in merchants], [one.organisation.code for one in merchants]
        session.commit()
    fill(runtime, ids[0], STAGES[0])
    early = exported(runtime, ids[0])
    fill(runtime, ids[0], STAGES[1])
    with runtime.writing() as session:
        some = entered(session, ids[0], list(mixed(STAGES[2] - 1)))
        entered(session, ids[0], [amendment(some[0], outcome="settled")])
        session.commit()
    fill(runtime, ids[1], 30)
    first, second = exported(runtime, ids[0]), exported(runtime, ids[1])
    opened = exported(runtime, ids[0], opened=True)
    return Ledgers(runtime, (ids[0], ids[1]), (codes[0], codes[1]), first, opened, second, early)


def fill(runtime: Runtime, merchant_id: int, count: int) -> None:
    """Append entries and sign."""
    with runtime.writing() as session:
        entered(session, merchant_id, list(mixed(count)))
        sign_checkpoint(session, OPERATOR, SignCheckpoint(merchant_id), now=runtime.now())
        session.commit()


def exported(runtime: Runtime, merchant_id: int, *, opened: bool = False) -> Files:
    """Sign, export, and take the bundle apart."""
    runtime.perform(OPERATOR, export_ledger, ExportLedger(merchant_id, opened))
    out = io.BytesIO()
    with runtime.reading() as session:
        write_bundle(session, merchant_id, out, opened=opened)
    with zipfile.ZipFile(out) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def zipped(files: Files, path: Path) -> Path:
    """Put a bundle together."""
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return path


def lines_of(files: Files) -> list[bytes]:
    """The lines of a bundle."""
    return files["ledger.jsonl"].splitlines()


def with_lines(files: Files, lines: Sequence[bytes], *, hashes: bool = False) -> Files:
    """Exchange the lines, and their stored hashes too where the rogue thought of them."""
    changed = files | {"ledger.jsonl": b"".join(line + b"\n" for line in lines)}
    if hashes:
        changed["hashes.bin"] = b"".join(merkle.leaf_hash(line) for line in lines)
    return changed


def resigned(files: Files, lines: Sequence[bytes], seed: bytes, sizes: Sequence[int] = (20, 50, 70)) -> Files:
    """A whole bundle of another history, signed with `seed`: what only the operator, or a thief of keys, can do."""
    origin = json.loads(files["manifest.json"])["origin"]
    changed = {name: one for name, one in with_lines(files, lines, hashes=True).items() if "checkpoints/" not in name}
    key = notes.verifier(origin, seed)
    changed["keys.txt"] = f"{key.vkey}\n".encode()
    leaves = [merkle.leaf_hash(line) for line in lines]
    for size in sizes:
        note = notes.signed(notes.checkpoint_text(origin, size, merkle.root(leaves[:size])), origin, seed)
        changed[f"checkpoints/{size:010d}-{key.key_id.hex()}.txt"] = note.encode()
    steps = [
        {
            "from": earlier,
            "to": later,
            "hashes": [base64.b64encode(one).decode() for one in proof_of(leaves, earlier, later)],
        }
        for earlier, later in pairwise(sizes)
    ]
    return changed | {"proofs.json": json.dumps({"consistency": steps}).encode()}


def proof_of(leaves: Sequence[bytes], earlier: int, later: int) -> list[bytes]:
    """A consistency proof out of all leaves."""
    return merkle.proof(
        merkle.consistency_path(earlier, later),
        lambda place: merkle.root(leaves[place.position << place.level : (place.position + 1) << place.level]),
    )


def note_at(files: Files, size: int) -> bytes:
    """The checkpoint of a size."""
    return next(one for name, one in files.items() if name.startswith(f"checkpoints/{size:010d}-"))


def name_at(files: Files, size: int) -> str:
    """The file name of the checkpoint of a size."""
    return next(name for name in files if name.startswith(f"checkpoints/{size:010d}-"))
