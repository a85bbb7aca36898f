"""The command line."""

import argparse
import contextlib
import json
import platform
import signal
import sys
import tempfile
from pathlib import Path

from . import Failed, measure, report, rollbook
from .database import OPENERS
from .machine import choose_cpus, describe, directory_on_disk, say
from .targets import judge

ROOT = Path(__file__).resolve().parents[2]

USUAL = {"seconds": 2.0, "warm_up": 0.5, "repeats": 5}
QUICK = {"seconds": 1.0, "warm_up": 0.25, "repeats": 1}

ABOUT = """\
Builds Rollbook, fills a database of each kind and size, starts the server and
loads it; prints one table and which of the promised figures it keeps.
docs/performance.md has the method and a recorded run.

Exit status: 0 all targets met, 1 some missed, 2 the measurement failed."""


def parser():
    it = argparse.ArgumentParser(
        "scripts/bench", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = it.add_argument_group("what to measure")
    what.add_argument(
        "--only", choices=sorted(OPENERS), dest="only", help="one database instead of both"
    )
    what.add_argument(
        "--sizes",
        type=numbers,
        default=[1_000, 100_000],
        metavar="N,N",
        help="organizations (1000,100000)",
    )
    what.add_argument(
        "--modes",
        type=mode_names,
        default=["pinned", "unpinned"],
        metavar="M,M",
        help="pinned,unpinned",
    )
    what.add_argument(
        "--set",
        type=setting,
        action="append",
        default=[],
        metavar="ROLLBOOK_…=VALUE",
        dest="settings",
        help="a setting for the server, to compare (repeatable)",
    )
    how = it.add_argument_group("how long")
    how.add_argument("--seconds", type=float, help="of each measurement (2)")
    how.add_argument("--warm-up", type=float, help="seconds before each, not counted (0.5)")
    how.add_argument("--repeats", type=int, help="rounds, of which the table has the medians (5)")
    how.add_argument(
        "--quick",
        action="store_true",
        help="1 second, 0.25 to warm up, 1 round: for trying things out",
    )
    how.add_argument("--connections", type=int, default=32, help="all of them kept alive (32)")
    where = it.add_argument_group("where")
    where.add_argument(
        "--cpus",
        type=numbers,
        metavar="S,L",
        help="processors of server and load generator when pinned",
    )
    where.add_argument(
        "--postgres-cpus",
        choices=("load", "server", "any"),
        default="any",
        help="where PostgreSQL runs when the others are pinned: where the kernel puts it (any), "
        "beside the load generator, or beside the server",
    )
    where.add_argument("--directory", type=Path, help="for the databases; on a disk")
    result = it.add_argument_group("what to do with the result")
    result.add_argument("--markdown", action="store_true", help="print Markdown")
    result.add_argument(
        "--json", type=Path, metavar="FILE", help="write everything that was measured"
    )
    result.add_argument(
        "--record", type=Path, metavar="FILE", help="put the Markdown between a document's marks"
    )
    return it


def numbers(text):
    return [int(part) for part in text.split(",")]


def mode_names(text):
    names = text.split(",")
    if not set(names) <= {"pinned", "unpinned"}:
        raise argparse.ArgumentTypeError("pinned, unpinned or both")
    return names


def setting(text):
    name, equals, value = text.partition("=")
    if not (equals and name.startswith("ROLLBOOK_")):
        raise argparse.ArgumentTypeError("ROLLBOOK_SOMETHING=VALUE")
    return name, value


def complete(options):
    """Fills in what depends on other options and on the machine."""
    for name, value in (QUICK if options.quick else USUAL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.databases = [options.only] if options.only else ["sqlite", "postgres"]
    options.settings = dict(options.settings)
    options.scripts = ROOT / "scripts"
    if "pinned" not in options.modes:
        options.cpus = None
    elif not options.cpus:
        options.cpus = choose_cpus()
    elif len(options.cpus) != 2:
        raise Failed("--cpus takes two processors")
    options.directory = directory_on_disk(
        [options.directory] if options.directory else usual_directories()
    )
    return options


def usual_directories():
    return [Path(tempfile.gettempdir()), Path("/var/tmp"), ROOT / "target"]


def main():
    options = parser().parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        return bench(complete(options))
    except Failed as cause:
        say(f"FAILED: {cause}")
        return 2
    finally:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()


def stop(number, _frame):
    """Unwinds, so that everything that was started is stopped; once, so that it is finished."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    say("stopping")
    sys.exit(128 + number)


def bench(options):
    if platform.system() != "Linux":
        raise Failed("this takes Linux: it reads /proc and pins processes")
    if options.record and report.BEGIN not in options.record.read_text():
        raise Failed(f"{options.record} does not have the mark {report.BEGIN}")
    programs = rollbook.build(ROOT)
    machine = describe(ROOT)
    rows, samples = measure.measure(programs, options)
    verdicts = judge(rows, samples)
    about = report.notes(rows, samples, verdicts, machine, options)
    if options.json:
        options.json.write_text(
            json.dumps({"machine": machine, "samples": samples, "rows": rows}, indent=1) + "\n"
        )
    if options.record:
        report.record(options.record, report.as_markdown(rows, about, verdicts))
    render = report.as_markdown if options.markdown else report.as_text
    print(render(rows, about, verdicts), end="")
    return 0 if all(verdict.passed for verdict in verdicts) else 1
