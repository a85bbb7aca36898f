"""What was promised, and whether it is so."""

import statistics
from dataclasses import dataclass

from . import api

# Of the constant route's rate, pinned.
SHARES = {
    ("SQLite", api.GET): 0.30,
    ("SQLite", api.LIST_FIRST): 0.08,
    ("SQLite", api.CREATE): 0.07,
    ("SQLite", api.MEMBERS_FIRST): 0.04,
    ("SQLite", api.MEMBERS_DEEP): 0.04,
    ("SQLite", api.INVITE): 0.07,
    ("SQLite", api.ACCEPT): 0.035,
    ("PostgreSQL", api.GET): 0.06,
    ("PostgreSQL", api.CREATE): 0.018,
    ("PostgreSQL", api.MEMBERS_FIRST): 0.015,
    ("PostgreSQL", api.MEMBERS_DEEP): 0.015,
    ("PostgreSQL", api.INVITE): 0.015,
    ("PostgreSQL", api.ACCEPT): 0.012,
}
TAIL = 10
SMALL, LARGE = 1_000, 100_000
GROWTH = 0.8
DEPTH = 0.85
MB = 1_000_000
IDLE_MB = 30
LOAD_MB = 100
START_SECONDS = 0.2
SAMPLE_SECONDS = 60


@dataclass(frozen=True)
class Verdict:
    what: str
    wanted: str
    found: str
    passed: bool


def judge(rows, samples):
    """Speed is judged pinned, memory and start in whatever was run."""
    pinned = [row for row in rows if row["mode"] == "pinned"]
    apart = ("start", api.CONSTANT, api.DELIVER)
    measured = [row for row in pinned if row["operation"] not in apart]
    starts = [row for row in rows if row["operation"] == "start"]
    return [
        *map(share, (row for row in measured if (row["database"], row["operation"]) in SHARES)),
        *map(tail, measured),
        *growth(measured),
        *depth(measured),
        *map(start, starts),
        *map(idle, starts),
        *memory(rows),
        *(sample(each) for each in samples if each["organizations"] == LARGE),
    ]


def name(row):
    return f"{subject(row)}: {row['label']}"


def subject(row):
    return f"{row['database']}, {thousands(row['organizations'])}"


def thousands(number):
    return f"{number:,}".replace(",", " ")


def share(row):
    wanted = SHARES[row["database"], row["operation"]]
    return Verdict(
        f"{name(row)}: share", f"≥ {wanted}", f"{row['share']:.3f}", row["share"] >= wanted
    )


def tail(row):
    ratio = row["p99_us"] / max(1, row["p50_us"])
    return Verdict(f"{name(row)}: p99 / p50", f"< {TAIL}", f"{ratio:.1f}", ratio < TAIL)


def growth(rows):
    """Of shares, so that a machine that changed between the two sizes does not decide."""
    small = {
        (row["database"], row["operation"]): row for row in rows if row["organizations"] == SMALL
    }
    for row in rows:
        other = small.get((row["database"], row["operation"]))
        if other and row["organizations"] == LARGE:
            ratio = row["share"] / other["share"]
            what = f"{name(row)}: share, of that at {thousands(SMALL)}"
            yield Verdict(what, f"≥ {GROWTH}", f"{ratio:.2f}", ratio >= GROWTH)


def depth(rows):
    shallow_of = {api.LIST_DEEP: api.LIST_FIRST, api.MEMBERS_DEEP: api.MEMBERS_FIRST}
    by_name = {(row["database"], row["organizations"], row["operation"]): row for row in rows}
    for row in rows:
        if row["operation"] in shallow_of:
            key = row["database"], row["organizations"], shallow_of[row["operation"]]
            pairs = zip(row["rounds"], by_name[key]["rounds"])
            ratio = statistics.median(deep["share"] / shallow["share"] for deep, shallow in pairs)
            what = f"{name(row)}: share, of that of page 1"
            yield Verdict(what, f"≥ {DEPTH}", f"{ratio:.2f}", ratio >= DEPTH)


def start(row):
    seconds = statistics.median(row["start_seconds"])
    what = f"{subject(row)}, {row['mode']}: first 200"
    return Verdict(what, f"< {START_SECONDS} s", f"{seconds:.3f} s", seconds < START_SECONDS)


def idle(row):
    found = row["idle"]["rss_kib"] * 1024 / MB
    what = f"{subject(row)}, {row['mode']}: idle memory"
    return Verdict(what, f"< {IDLE_MB} MB", f"{found:.1f} MB", found < IDLE_MB)


def memory(rows):
    """The worst of each database, size and mode."""
    worst = {}
    for row in rows:
        key = row["database"], row["organizations"], row["mode"]
        if row.get("rss_kib", 0) > worst.get(key, {"rss_kib": 0})["rss_kib"]:
            worst[key] = row
    for row in worst.values():
        found = row["rss_kib"] * 1024 / MB
        what = f"{subject(row)}, {row['mode']}: memory under load ({row['label']})"
        yield Verdict(what, f"< {LOAD_MB} MB", f"{found:.1f} MB", found < LOAD_MB)


def sample(row):
    seconds = row["load_sample_seconds"]
    return Verdict(
        f"{subject(row)}: load-sample",
        f"< {SAMPLE_SECONDS} s",
        f"{seconds:.1f} s",
        seconds < SAMPLE_SECONDS,
    )
