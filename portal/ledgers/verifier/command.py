"""Examining a bundle, and the command line of verify.py."""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import sys
from collections.abc import Sequence

from portal.ledgers.verifier.bundle import DAMAGED, KEYS, PROOFS, Bundle
from portal.ledgers.verifier.deep import Wrong, check_deeply
from portal.ledgers.verifier.signatures import Broken, Key, parsed_head, parsed_key
from portal.ledgers.verifier.tree import Head, Verdict, goes_on, judge


def examine(path: str, given: Sequence[bytes] = (), vkeys: Sequence[str] = (), *, deep: bool = False) -> Verdict:
    """Examine a bundle; `given` are checkpoints kept from earlier, `vkeys` the only keys to be trusted if there are any.

    Never raises for what stands in the bundle: that is the verdict's `problem`.
    """
    verdict = Verdict(None, False, 0, None, 0)
    try:
        bundle = Bundle(path)
        verdict = verdict._replace(merchant=bundle.manifest["merchant"])
        heads = _heads(bundle, given, [parsed_key(vkey) for vkey in vkeys or _published(bundle)])
        verdict = judge(verdict.merchant, bundle.blocks(), heads, len(bundle.notes))
        if verdict.ok:
            _check_proofs(bundle, heads)
        if verdict.ok and deep:
            check_deeply(bundle)
    except Wrong as fault:
        return verdict._replace(ok=False, first_bad=fault.seq, problem=str(fault))
    except Broken as fault:
        return verdict._replace(ok=False, problem=str(fault))
    except DAMAGED:
        return verdict._replace(ok=False, problem="文件已损坏、被截断，或不是台账导出包。")
    return verdict


def _published(bundle: Bundle) -> list[str]:
    try:
        return bundle.small(KEYS).decode().split()
    except UnicodeDecodeError:
        raise Broken(f"{KEYS} 不是文本。") from None


def _heads(bundle: Bundle, given: Sequence[bytes], keys: Sequence[Key]) -> list[Head]:
    heads = [parsed_head(bundle.small(name), f"检查点 {name} ", keys) for name in bundle.notes]
    heads += [parsed_head(note, "给出的检查点", keys) for note in given]
    origin = bundle.manifest["origin"]
    return [
        head._replace(problem="属于另一个台账") if head.problem is None and head.origin != origin else head
        for head in heads
    ]


def _check_proofs(bundle: Bundle, heads: Sequence[Head]) -> None:
    roots = {head.size: head.root for head in heads if head.label != "给出的检查点"}
    sizes = sorted(roots)
    try:
        proofs = {(one["from"], one["to"]): one["hashes"] for one in json.loads(bundle.small(PROOFS))["consistency"]}
        for earlier, later in zip(sizes, sizes[1:]):  # noqa: B905, RUF007 -- Python 3.9
            hashes = [base64.b64decode(text, validate=True) for text in proofs.pop((earlier, later))]
            if not goes_on(earlier, roots[earlier], later, roots[later], hashes):
                raise Broken(f"{PROOFS} 里从 {earlier} 条到 {later} 条的一致性证明不成立。")
    except (ValueError, KeyError, TypeError):
        raise Broken(f"{PROOFS} 不完整。") from None
    if proofs:
        raise Broken(f"{PROOFS} 里有不属于这些检查点的证明。")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run verify.py: 0 when everything fits, 1 when not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="verify.py", description="核对台账导出包：不联网，只需要 Python。")
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    parser.add_argument(
        "bundle", nargs="?", default=here, metavar="导出包", help="zip 文件或解开后的文件夹；默认为本文件所在的文件夹"
    )
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="文件", help="以前留存的检查点，可以给出多个"
    )
    parser.add_argument("--key", action="append", default=[], metavar="公钥", help="只认这些公钥，不用包里的")
    parser.add_argument("--deep", action="store_true", help="再逐条核对格式、编号、CSV 和披露的内容")
    parser.add_argument("--json", action="store_true", help="只输出一个 JSON 对象")
    options = parser.parse_args(arguments)
    given = []
    for file in options.checkpoint:
        try:
            with open(file, "rb") as stream:  # noqa: PTH123
                given.append(stream.read(1 << 20))
        except OSError:
            parser.error(f"读不到 {file}。")
    if not os.path.exists(options.bundle):  # noqa: PTH110
        parser.error(f"没有 {options.bundle}。")
    verdict = examine(options.bundle, given, options.key, deep=options.deep)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    as_json = json.dumps(verdict._asdict(), ensure_ascii=False)
    sys.stdout.write((as_json if options.json else told(verdict, trusted=bool(options.key))) + "\n")
    return 0 if verdict.ok else 1


def told(verdict: Verdict, *, trusted: bool) -> str:
    """Tell a verdict in words."""
    lines = [
        f"{'相符' if verdict.ok else '不符'}：{verdict.merchant or '未知'} 的台账，{verdict.entries} 条，{verdict.checkpoints} 个检查点。"
    ]
    if verdict.root:
        lines.append(f"根哈希：{verdict.root}")
    if verdict.problem:
        lines.append(verdict.problem)
    if verdict.bad_after is not None:
        lines.append(f"可以信任的到第 {verdict.bad_after} 条为止。")
    if not trusted:
        lines.append("公钥取自本包；请与门户“核验”页公示的公钥对照，或用 --key 给出。")
    return "\n".join(lines)
