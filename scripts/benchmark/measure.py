"""The course of a run: which databases, sizes and modes, in which order, how often."""

import os
import statistics
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from . import Failed, api, load
from .database import OPENERS
from .machine import say, usable_cpus
from .rollbook import WITHOUT_WORKER, Server, load_sample

# A list long enough for page 200 and a page behind it.
MEMBERSHIPS = api.PAGE_SIZE * (api.DEEP_PAGE + 2)
MEMBERS = MEMBERSHIPS
# What a user may own, with a little air, and creations a second that no machine we know exceeds:
# how many users it takes to create organizations all the time. At least so many that one of them
# owns but a few to begin with, whatever the size, since what one owns is counted.
OWNER_LIMIT = 98
CREATIONS = 30_000
# Acceptances a second that no machine we know exceeds, on each database.
ACCEPTANCES = {"SQLite": 10_000, "PostgreSQL": 5_000}
# The same of letters.
LETTERS = {"SQLite": 10_000, "PostgreSQL": 4_000}
USERS = 10_000
STARTS = 5


@dataclass(frozen=True)
class Size:
    organizations: int
    members: int
    memberships: int
    tokens: int


@dataclass(frozen=True)
class Mode:
    """Who runs on which processors."""

    name: str
    server: frozenset
    load: frozenset
    database: frozenset


def modes(options):
    everywhere = frozenset(usable_cpus())
    server = generator = everywhere
    if options.cpus:
        server, generator = (frozenset([cpu]) for cpu in options.cpus)
    database = {"load": generator, "server": server, "any": everywhere}[options.postgres_cpus]
    known = {
        "pinned": Mode("pinned", server, generator, database),
        "unpinned": Mode("unpinned", everywhere, everywhere, everywhere),
    }
    return [known[name] for name in options.modes]


def letter_box():
    """Where letters go: to memory, as the log does, since a mail server would not be on our disk."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="rollbook-bench.", dir=where)


def size_of(organizations, options):
    seconds = len(options.modes) * options.repeats * (options.warm_up + options.seconds)
    owned = organizations + seconds * CREATIONS
    return Size(
        organizations=organizations,
        members=MEMBERS,
        memberships=min(organizations, MEMBERSHIPS),
        tokens=max(USERS, 2 + int(owned / OWNER_LIMIT)),
    )


def measure(programs, options):
    """Everything; one row a database, size, mode and operation, and one for each start."""
    rows, samples = [], []
    with tempfile.TemporaryDirectory(prefix="rollbook-bench.", dir=options.directory) as work:
        for key in options.databases:
            for organizations in options.sizes:
                size = size_of(organizations, options)
                with OPENERS[key](options.directory, options.scripts) as database:
                    subject = Subject(programs, database, size, options, Path(work))
                    samples.append(subject.fill())
                    rows += subject.measure()
    return rows, samples


class Subject:
    """One database of one size."""

    def __init__(self, programs, database, size, options, directory):
        self.binary, self.generator = programs
        self.database = database
        self.size = size
        self.options = options
        self.directory = directory
        self.tokens = []
        self.operations = None
        # How many requests of each kind that counts them were made.
        self.issued = dict.fromkeys((api.CREATE, api.INVITE), 0)

    def fill(self):
        self._say(f"loading {self.size.organizations} organizations")
        self.tokens, seconds = load_sample(self.binary, self.database, self.size, self.directory)
        self.database.settle()
        self._say(f"loaded in {seconds:.1f} s")
        return {
            "database": self.database.name,
            "version": self.database.version(),
            "filesystem": self.database.filesystem,
            "load_sample_seconds": round(seconds, 2),
            **asdict(self.size),
        }

    def measure(self):
        """All reads before the first write, which makes the database larger."""
        rows = []
        for mode in modes(self.options):
            self.database.pin(mode.database)
            rows.append(self._start(mode))
            rows += self._rounds(mode, api.READS)
        for mode in modes(self.options):
            self.database.pin(mode.database)
            if self.database.plans_by_statistics and not any(self.issued.values()):
                self._write_a_little(mode)
            self.database.settle()
            rows += self._rounds(mode, api.WRITES)[1:]
        if self.options.settings.get("ROLLBOOK_OUTBOX_ENABLED") != "false":
            self._write_letters(modes(self.options)[-1])
            rows += [self._deliver(mode) for mode in modes(self.options)]
        return rows

    def _write_a_little(self, mode):
        """Something in every table that is written into, so that there is something to be analyzed."""
        with self._server(mode, WITHOUT_WORKER) as server:
            for name in api.WRITES:
                self._once(mode, server, name)

    def _write_letters(self, mode):
        """Makes letters enough to be delivered, none of which is for an invitation that somebody has
        accepted meanwhile: that would not be sent."""
        self._say("emptying the outbox")
        self.database.pin(mode.database)
        with letter_box() as box, self._server(mode, {"ROLLBOOK_MAIL_DIRECTORY": box}) as server:
            server.empty_outbox(Path(box))
        self._say("inviting")
        seconds = self.options.warm_up + self.options.seconds
        rounds = self.options.repeats * len(self.options.modes)
        count = int(rounds * seconds * LETTERS[self.database.name])
        with self._server(mode, WITHOUT_WORKER) as server:
            # Those who wait to be accepted have their letters.
            self.operations.acceptable.clear()
            self.operations.invite(server, count)
        self.database.settle()

    def _deliver(self, mode):
        """How fast the worker empties the outbox."""
        rounds = []
        self.database.pin(mode.database)
        with letter_box() as box, self._server(mode, {"ROLLBOOK_MAIL_DIRECTORY": box}) as server:
            for _ in range(self.options.repeats):
                rounds.append(load.deliveries(server, self.database, self.options))
                for letter in Path(box).iterdir():
                    letter.unlink()
                self._say(f"{mode.name}: letters delivered: {rounds[-1]['rate']:.0f}/s")
        return self._summary(mode, api.DELIVER, rounds)

    def _start(self, mode):
        """How long until it is ready, on a database that exists, and what it takes to be idle."""
        seconds, memory = [], []
        for _ in range(STARTS):
            with self._server(mode) as server:
                seconds.append(server.start_seconds)
                memory.append(server.idle_memory())
        row = self._row(mode, "start")
        row["label"] = "start-up, then idle"
        row["start_seconds"] = [round(value, 4) for value in seconds]
        row["idle"] = {name: max(each[name] for each in memory) for name in memory[0]}
        self._say(f"{mode.name}: ready in {statistics.median(seconds) * 1000:.0f} ms")
        return row

    def _rounds(self, mode, names):
        """Each operation once a round, between two measurements of the constant route whose mean
        it is a share of, so that what makes the machine slower for a while counts on neither side.
        A row for the constant route, and then one for each operation."""
        rounds = {name: [] for name in (api.CONSTANT, *names)}
        with self._server(mode, WITHOUT_WORKER) as server:
            if self.operations is None:
                self.operations = api.Operations(self.directory, server, self.tokens)
            before = self._once(mode, server, api.CONSTANT)
            rounds[api.CONSTANT].append({**before, "share": 1.0})
            for _ in range(self.options.repeats):
                for name in names:
                    result = self._once(mode, server, name)
                    after = self._once(mode, server, api.CONSTANT)
                    result["share"] = 2 * result["rate"] / (before["rate"] + after["rate"])
                    rounds[name].append(result)
                    rounds[api.CONSTANT].append({**after, "share": 1.0})
                    before = after
        return [self._summary(mode, name, each) for name, each in rounds.items()]

    def _once(self, mode, server, name):
        first = self.issued.get(name, 0)
        requests = self.operations.file(name)
        if name == api.ACCEPT:
            # Only now: what nobody has accepted yet makes the database larger.
            seconds = self.options.warm_up + self.options.seconds
            self.operations.invite(server, int(seconds * ACCEPTANCES[self.database.name]))
        result = load.run(
            self.generator, server, self.database, requests, first, self.options, mode.load
        )
        if name in self.issued:
            self.issued[name] += result["issued"]
        if name == api.ACCEPT:
            self.operations.accepted(result["issued"])
        self._say(f"{mode.name}: {self.operations.labels()[name]}: {result['rate']:.0f}/s")
        return result

    def _summary(self, mode, name, rounds):
        row = self._row(mode, name)
        row["label"] = self.operations.labels()[name]
        for field in ("rate", "share", "p50_us", "p99_us", "p999_us", "max_us", "server_us"):
            if field in rounds[0]:
                row[field] = statistics.median(each[field] for each in rounds)
        row["cpu"] = {
            who: statistics.median(each["cpu"][who] for each in rounds) for who in rounds[0]["cpu"]
        }
        row["rss_kib"] = max(each["rss_kib"] for each in rounds)
        row["rounds"] = rounds
        return row

    def _row(self, mode, name):
        return {
            "database": self.database.name,
            "organizations": self.size.organizations,
            "mode": mode.name,
            "operation": name,
        }

    def _server(self, mode, usual=MappingProxyType({})):
        settings = {**usual, **self.options.settings}
        return Server(self.binary, self.database, self.directory, mode.server, settings)

    def _say(self, text):
        say(f"{self.database.name}, {self.size.organizations}: {text}")
