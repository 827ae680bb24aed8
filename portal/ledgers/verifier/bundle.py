"""An exported bundle, read in blocks: memory never grows with the ledger."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from portal.ledgers.verifier.signatures import Broken
from portal.ledgers.verifier.tree import BLOCK

LINES, SHEET, HASHES, OPENINGS = "ledger.jsonl", "ledger.csv", "hashes.bin", "openings.jsonl"
MANIFEST, KEYS, PROOFS, NOTES = "manifest.json", "keys.txt", "proofs.json", "checkpoints/"
PIECE = 1 << 20  # bytes read at once
LONGEST = 1 << 20  # bytes of a line, our limit
MOST_SMALL = 64 << 20  # bytes of a small file, our limit
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, UnicodeError)


class Bundle:
    """An exported bundle, as a zip or unpacked into a folder."""

    def __init__(self, path: str) -> None:
        self.path, self.zip = path, None if os.path.isdir(path) else zipfile.ZipFile(path)  # noqa: PTH112
        if self.zip is not None:
            self.names = self.zip.namelist()
        else:
            inside = [(folder, one) for folder, _, files in os.walk(path) for one in files]
            self.names = [os.path.relpath(os.path.join(*each), path).replace(os.sep, "/") for each in inside]  # noqa: PTH118
        if len(set(self.names)) < len(self.names):
            raise Broken("包里有重名的文件。")
        if missing := [name for name in (MANIFEST, LINES, HASHES, SHEET, KEYS, PROOFS) if name not in self.names]:
            raise Broken(f"这不是完整的台账导出包：缺少 {missing[0]}。")
        self.notes = sorted(name for name in self.names if name.startswith(NOTES) and not name.endswith("/"))
        if not self.notes:
            raise Broken("包里没有检查点。")
        self.manifest = self._read_manifest()

    def open(self, name: str) -> IO[bytes]:
        """Open a file of the bundle."""
        return self.zip.open(name) if self.zip is not None else open(os.path.join(self.path, name), "rb")  # noqa: PTH118, PTH123

    def small(self, name: str) -> bytes:
        """Read a small file whole."""
        with self.open(name) as stream:
            content = stream.read(MOST_SMALL + 1)
        if len(content) > MOST_SMALL:
            raise Broken(f"{name} 过大。")
        return content

    def _read_manifest(self) -> dict[str, Any]:
        try:
            manifest: dict[str, Any] = json.loads(self.small(MANIFEST))
            whole = all(isinstance(manifest[word], str) for word in ("merchant", "origin"))
            whole = whole and all(isinstance(text, str) for pair in manifest["columns"] for text in pair)
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole or manifest["origin"].rpartition("/")[2] != manifest["merchant"]:
            raise Broken(f"{MANIFEST} 的内容不对。")
        return manifest

    def lines(self) -> Iterator[list[bytes]]:
        """Read the ledger in blocks of lines."""
        held, rest = [], b""
        with self.open(LINES) as stream:
            while piece := stream.read(PIECE):
                pieces = (rest + piece).split(b"\n")
                rest = pieces.pop()
                if len(rest) > LONGEST:
                    raise Broken(f"{LINES} 里有过长的行。")
                held += pieces
                while len(held) >= BLOCK:
                    yield held[:BLOCK]
                    held = held[BLOCK:]
        if rest:
            held.append(rest + b"\n")  # a line without its end is not the line that was written
        if held:
            yield held

    def blocks(self) -> Iterator[tuple[list[bytes], bytes]]:
        """Read lines and stored hashes side by side."""
        with self.open(HASHES) as stream:
            for lines in self.lines():
                yield lines, stream.read(32 * BLOCK)
            while stored := stream.read(32 * BLOCK):
                yield [], stored
