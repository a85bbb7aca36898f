"""The two databases: a file on the disk, and a cluster of our own."""

import contextlib
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from . import Failed
from .machine import family, filesystem, move, output


class Sqlite:
    name = "SQLite"
    key = "sqlite"
    plans_by_statistics = False

    def __init__(self, directory):
        self.url = f"sqlite:{directory}/bench.db"
        self.filesystem = filesystem(directory)

    def processes(self):
        return []

    def pin(self, cpus):
        pass

    def settle(self):
        """What the kernel would write back within half a minute, at a bad moment."""
        os.sync()

    def version(self):
        return "bundled"


class Postgres:
    name = "PostgreSQL"
    key = "postgres"
    # Statements that are prepared while a table is new read all of it, until autovacuum has counted.
    plans_by_statistics = True

    def __init__(self, url):
        self.url = url
        self.directory = Path(parse_qs(urlsplit(url).query)["host"][0])
        self.filesystem = filesystem(self.directory)
        self.postmaster = int((self.directory / "data/postmaster.pid").read_text().split()[0])

    def processes(self):
        return family(self.postmaster)

    def pin(self, cpus):
        """The postmaster's new backends inherit it."""
        move(self.processes(), cpus)

    def settle(self):
        """What autovacuum and the checkpointer would do within a few minutes, at a bad moment.
        Empty tables stay as they are, as with autovacuum: PostgreSQL believes what it has once seen."""
        tables = self._query(
            "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = current_schema()::regnamespace AND pg_relation_size(oid) > 0"
        )
        for statement in (f"VACUUM (ANALYZE) {tables}", "CHECKPOINT"):
            self._query(statement)

    def _query(self, statement):
        options = ["--quiet", "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement]
        done = subprocess.run(
            [self._program("psql"), *options, self.url],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"{statement}: {done.stderr.strip()}")
        return done.stdout.strip()

    def version(self):
        return output(self._program("postgres"), "--version").replace("postgres (PostgreSQL) ", "")

    def _program(self, name):
        bindir = Path((self.directory / "bindir").read_text().strip())
        return str(bindir / name)


@contextlib.contextmanager
def open_sqlite(directory, _scripts):
    with tempfile.TemporaryDirectory(prefix="rollbook-bench.", dir=directory) as path:
        yield Sqlite(path)


@contextlib.contextmanager
def open_postgres(directory, scripts):
    """The cluster lives as long as its standard input is open: it goes away with us, however we
    end. In a session of its own, Ctrl-C reaches it through us only, after the server."""
    keeper = subprocess.Popen(
        [
            scripts / "postgres",
            "run",
            "--durable",
            "--",
            "sh",
            "-c",
            'printf "%s\\n" "$TEST_POSTGRES_URL"; exec cat >/dev/null',
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(directory)},
    )
    try:
        url = keeper.stdout.readline().strip()
        if not url:
            raise Failed("scripts/postgres did not start a cluster")
        yield Postgres(url)
    finally:
        keeper.stdin.close()
        try:
            keeper.wait(timeout=60)
        except subprocess.TimeoutExpired:
            keeper.send_signal(signal.SIGTERM)
            keeper.wait()


OPENERS = {"sqlite": open_sqlite, "postgres": open_postgres}
