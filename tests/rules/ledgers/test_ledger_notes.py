"""Signed notes, keys and signatures, against published vectors; the portal's and the verifier's code must agree."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.ledgers.rules import notes
from portal.ledgers.verifier.signatures import Broken, ed25519_verifies, parsed_head, parsed_key

# golang.org/x/mod/sumdb/note, its example
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
# C2SP signed-note, its example
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

RFC_8032 = [  # 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_signatures_of_rfc_8032(public: str, message: str, signature: str) -> None:
    key, text, signed = (bytes.fromhex(one) for one in (public, message, signature))
    assert ed25519_verifies(key, text, signed)
    assert not ed25519_verifies(key, text + b"\0", signed)


@settings(max_examples=25)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 511))
def test_signatures_of_the_library_verify_and_changed_ones_do_not(seed: bytes, message: bytes, bit: int) -> None:
    secret = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = secret.public_key().public_bytes_raw(), secret.sign(message)
    assert ed25519_verifies(public, message, signature)
    changed = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")
    assert not ed25519_verifies(public, message, changed)


def test_what_is_no_key_and_no_signature_is_refused() -> None:
    key, signature = bytes.fromhex(RFC_8032[0][0]), bytes.fromhex(RFC_8032[0][2])
    order = 2**252 + 27742317777372353535851937790883648493
    larger = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not ed25519_verifies(key, b"", larger), "RFC 8032 8.4: no second signature out of the first"
    assert not ed25519_verifies(key, b"", signature[:63])
    assert not ed25519_verifies(b"\xff" * 32, b"", signature)
    assert not ed25519_verifies((2).to_bytes(32, "little"), b"", signature), "not on the curve"
    assert not ed25519_verifies((1 + 2**255).to_bytes(32, "little"), b"", signature), "minus zero"


def test_the_example_of_go_is_signed_byte_for_byte() -> None:
    assert notes.signed(TEXT, "PeterNeumann", PETER_SEED) == f"{TEXT}\n{SIGNED}"
    assert notes.verifier("PeterNeumann", PETER_SEED).vkey == PETER
    assert parsed_key(PETER) == ("PeterNeumann", bytes.fromhex("c74f20a3"), notes.parsed_vkey(PETER).public)


@pytest.mark.parametrize(
    ("note", "vkey", "text"),
    [
        (f"{TEXT}\n{SIGNED}", PETER, TEXT),
        (f"{TEXT}\n{ENOCH}{SIGNED}", PETER, TEXT),
        (FOO_NOTE, FOO, "This is an example message.\n"),
    ],
)
def test_published_notes_open(note: str, vkey: str, text: str) -> None:
    assert notes.opened(note, [notes.parsed_vkey(vkey)]) == text


@pytest.mark.parametrize(
    "note",
    [
        f"{TEXT}\n{ENOCH}",
        f"{TEXT}{SIGNED}",
        f"{TEXT}\n{SIGNED[:-1]}",
        f"{TEXT}\n{SIGNED.replace('x08g', 'x08h')}",
        f"{TEXT}\n{SIGNED.replace('o/ZJ', 'o/ZK')}",
        f"{TEXT}\n{SIGNED}{SIGNED.replace('o/ZJ', 'o/ZK')}",
        f"{TEXT.replace('answer', 'ANSWER')}\n{SIGNED}",
        f"{TEXT}\n{SIGNED.replace('—', '-')}",
        f"{TEXT}\n— PeterNeumann %%%\n",
        TEXT,
        "",
    ],
)
def test_other_notes_do_not(note: str) -> None:
    assert notes.opened(note, [notes.parsed_vkey(PETER)]) is None


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        PETER.replace("c74f", "c74e"),
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER.removeprefix("PeterNeumann"),
    ],
)
def test_what_is_no_published_key_is_refused(vkey: str) -> None:
    with pytest.raises(ValueError, match="key"):
        notes.parsed_vkey(vkey)
    with pytest.raises(Broken):
        parsed_key(vkey)


@given(st.integers(0, 10**12), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
@settings(max_examples=20)
def test_a_checkpoint_reads_back_with_its_own_key_only(size: int, root: bytes, seed: bytes) -> None:
    note = notes.signed(notes.checkpoint_text("example.com/log", size, root), "example.com/log", seed)
    key = notes.verifier("example.com/log", seed)
    head = parsed_head(note.encode(), "x", [parsed_key(key.vkey)])
    assert (head.size, head.root, head.problem, head.origin) == (size, root, None, "example.com/log")
    other = notes.verifier("example.com/log", bytes(31) + b"\x01" if seed == bytes(32) else bytes(32))
    assert parsed_head(note.encode(), "x", [parsed_key(other.vkey)]).problem
    assert notes.opened(note, [key, other]) == notes.checkpoint_text("example.com/log", size, root)


@pytest.mark.parametrize(
    "text", ["", "a\n1\nAAAA\n", "a\n01\n" + "A" * 43 + "=\n", "a\n-1\n" + "A" * 43 + "=\n", "a\n1\n", "\n\n\n\n"]
)
def test_a_signed_text_that_is_no_checkpoint_is_none(text: str) -> None:
    note = notes.signed(text, "a", bytes(32))
    assert parsed_head(note.encode(), "x", [parsed_key(notes.verifier("a", bytes(32)).vkey)]).problem == "不是检查点"
    assert parsed_head(b"\xff\xfe", "x", []).problem == "不是检查点"
