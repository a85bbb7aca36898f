"""One table and the list of promises, as text or as Markdown."""

import datetime
import re
import statistics

from . import Failed
from .targets import MB, thousands

HEAD = (
    "database",
    "organizations",
    "run",
    "operation",
    "requests/s",
    "share",
    "p50",
    "p99",
    "server CPU",
    "server / load / database busy",
    "memory",
)
LEFT = 4
BEGIN = "<!-- What follows is written by `scripts/bench --record`. -->"
END = "<!-- Until here. -->"
# As a share of one processor.
DISTURBED = 0.1
NONE = "–"
PLACES = {
    "load": "beside the load generator",
    "server": "beside the server",
    "any": "wherever the kernel likes",
}


def cells(row):
    start = [row["database"], thousands(row["organizations"]), row["mode"], row["label"]]
    if row["operation"] == "start":
        seconds = row["start_seconds"]
        times = [millis(statistics.median(seconds) * 1e6), millis(max(seconds) * 1e6)]
        return start + [NONE, NONE, *times, NONE, NONE, megabytes(row["idle"]["rss_kib"])]
    busy = " / ".join(f"{row['cpu'][who] * 100:.0f}" for who in ("server", "load", "database"))
    start[-1] += " *" if others(row) > DISTURBED else ""
    waited = [NONE] * 3
    if "share" in row:
        waited = [f"{row['share']:.3f}", millis(row["p50_us"]), millis(row["p99_us"])]
    return start + [
        thousands(round(row["rate"])),
        *waited,
        f"{row['server_us']:.1f} µs",
        busy + " %",
        megabytes(row["rss_kib"]),
    ]


def millis(micros):
    return f"{micros / 1000:.2f} ms"


def megabytes(kib):
    return f"{kib * 1024 / MB:.1f} MB"


def notes(rows, samples, verdicts, machine, options):
    """What one has to know to read the table, and to repeat it."""
    missed = sum(not verdict.passed for verdict in verdicts)
    return [
        f"{len(verdicts) - missed} targets met, {missed} missed",
        *disturbance(rows),
        errors(rows),
        *course(options),
        "load-sample: " + ", ".join(map(loading, samples)),
        "; ".join(sorted(set(map(version, samples)))),
        f"{datetime.date.today()}, commit {machine['commit'] or 'unknown'}, {machine['rustc']}, "
        f"{machine['processors']}, {machine['memory_gib']} GiB, Linux {machine['kernel']}",
    ]


def others(row):
    """What other programs took of a processor meanwhile."""
    return row["cpu"]["others"] if "cpu" in row else 0.0


def disturbance(rows):
    worst = max(map(others, rows))
    if worst > DISTURBED:
        yield (
            "operations with an asterisk were DISTURBED: other programs took "
            f"up to {worst * 100:.0f} % of a processor meanwhile"
        )


def errors(rows):
    count = sum(each["answers"] for row in rows for each in row.get("rounds", []) if "share" in each)
    return f"errors: 0 of {thousands(count)} answers (the first one would have ended the run)"


def course(options):
    rounds = "1 round" if options.repeats == 1 else f"medians of {options.repeats} rounds"
    yield (
        f"{options.connections} connections, {rounds} of {options.seconds:g} s each "
        f"after {options.warm_up:g} s to warm up"
    )
    if options.cpus:
        server, generator = options.cpus
        yield (
            f"pinned: server on processor {server}, load generator on {generator}, "
            f"PostgreSQL {PLACES[options.postgres_cpus]} (--postgres-cpus {options.postgres_cpus})"
        )
    if options.settings:
        changed = " ".join(f"{name}={value}" for name, value in options.settings.items())
        yield f"not the default settings: {changed}"


def version(each):
    return f"{each['database']} {each['version']} on {each['filesystem']}"


def loading(each):
    size = thousands(each["organizations"])
    return f"{each['database']} {size} in {each['load_sample_seconds']:.1f} s"


def as_text(rows, about, verdicts):
    table = [HEAD, *map(cells, rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    lines = [align(line, widths) for line in table]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += ["", *(f"- {note}" for note in about), ""]
    width = max((len(verdict.what) for verdict in verdicts), default=0)
    for verdict in verdicts:
        mark = "pass" if verdict.passed else "MISS"
        lines.append(f"{mark}  {verdict.what.ljust(width)}  {verdict.found} ({verdict.wanted})")
    return "\n".join(lines) + "\n"


def align(line, widths):
    padded = (
        cell.ljust(width) if column < LEFT else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths))
    )
    return "  ".join(padded).rstrip()


def as_markdown(rows, about, verdicts):
    rule = ["---" if column < LEFT else "--:" for column in range(len(HEAD))]
    lines = [bar(line) for line in (HEAD, rule, *map(cells, rows))]
    lines += ["", *(f"- {note}" for note in about), ""]
    lines += [
        bar(line) for line in (("target", "wanted", "found", ""), ("---", "--:", "--:", "---"))
    ]
    lines += [
        bar(
            (verdict.what, verdict.wanted, verdict.found, "met" if verdict.passed else "**missed**")
        )
        for verdict in verdicts
    ]
    return "\n".join(lines) + "\n"


def bar(line):
    return f"| {' | '.join(line)} |"


def record(path, markdown):
    """Puts it between the marks of a document."""
    text = path.read_text()
    marks = re.compile(f"({re.escape(BEGIN)}\n).*?({re.escape(END)})", re.DOTALL)
    replaced, count = marks.subn(lambda found: f"{found[1]}\n{markdown}\n{found[2]}", text)
    if count != 1:
        raise Failed(f"{path} does not have the two marks that the figures go between")
    path.write_text(replaced)
