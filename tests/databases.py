"""Databases on the tests' PostgreSQL: made, copied from a template, dropped."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url

RUN = "PORTAL_TEST_RUN"  # keeps the databases of two runs on one server apart


def database_name(part: str) -> str:
    """A name no other run uses: `portal_<run>_<part>`, the same in all workers of a run."""
    return f"portal_{os.environ[RUN]}_{part}"


def create_database(server_url: str, name: str, *, template: str | None = None) -> str:
    """Create the database, as a copy of `template` where one is named (no one may be connected to that).

    One of the same name is dropped first. Returns the new database's address.
    """
    like = (
        sql.SQL("TEMPLATE {}").format(sql.Identifier(template))
        if template
        else sql.SQL("TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
    )
    drop_database(server_url, name)
    with maintenance(server_url) as connection, _one_at_a_time(connection, template or name):
        connection.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), like))
    return database_url(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    """Drop the database if it is there, whoever is connected to it."""
    with maintenance(server_url) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def template_database(server_url: str, name: str, build: Callable[[str], object]) -> str:
    """Build a database once for all workers, to be copied with `create_database(template=…)`; returns its name.

    The first to ask calls `build(address)`, which must close its connections; the others wait for it.
    """
    unfinished = f"{name}_unfinished"
    with maintenance(server_url) as connection, _one_at_a_time(connection, f"build {name}"):
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return name
        build(create_database(server_url, unfinished))
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def database_url(server_url: str, name: str) -> str:
    """The address of another database on the same server."""
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def maintenance(server_url: str) -> Iterator[psycopg.Connection]:
    """Connect to the server's maintenance database, committing by itself."""
    url = make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        yield connection


@contextmanager
def _one_at_a_time(connection: psycopg.Connection, name: str) -> Iterator[None]:
    """PostgreSQL refuses to copy a template that another is being copied from, or to build one twice."""
    connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (name,))
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (name,))
