"""A table that a migration makes again keeps its rows and whatever refers to them."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal import migrate
from portal.core.db import make_engine

ROWS = """
INSERT INTO organisation (id, kind, code, name, path, odr_before_acceptance)
VALUES (1, 'authority', 'A', '局', '/1/', 0), (2, 'merchant', 'M', '店', '/2/', 0);
INSERT INTO merchant (id, authority_id, state, address, phone, normalised_name, admitted_at)
VALUES (2, 1, 'admitted', '路', '0592', '店', '2026-01-01 00:00:00');
INSERT INTO merchant_alias (merchant_id, name, normalised) VALUES (2, '小店', '小店')
"""


def test_a_merchant_with_an_alias_survives_its_table_being_made_again(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'portal.db'}")
    migrate.upgrade(engine, "0017")
    with engine.begin() as connection:
        for row in ROWS.split(";"):
            connection.execute(text(row))
    migrate.upgrade(engine)
    with engine.begin() as connection:
        kept = connection.execute(text("SELECT name FROM merchant JOIN merchant_alias ON merchant_id = merchant.id"))
        assert kept.scalars().all() == ["小店"]
        with pytest.raises(IntegrityError):  # foreign keys are looked at again
            connection.execute(text("DELETE FROM merchant"))
    engine.dispose()
