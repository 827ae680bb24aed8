"""A password is right, wrong, or could not be checked; the last is nobody's mistake."""

import pytest

from portal.accounts.passwords import hash_password, matches
from portal.core.errors import Busy

TOO_BIG_FOR_ANY_MACHINE = "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$H/iC1T+HvPLqB4rl5nKEIA"


def test_a_right_password_fits_and_a_wrong_one_does_not() -> None:
    stored = hash_password("correct horse 7")
    assert matches(stored, "correct horse 7")
    assert not matches(stored, "correct horse 8")
    assert not matches("no hash at all", "correct horse 7")
    assert not matches(None, "correct horse 7")


def test_what_could_not_be_reckoned_is_no_wrong_password() -> None:
    with pytest.raises(Busy):
        matches(TOO_BIG_FOR_ANY_MACHINE, "correct horse 7")
