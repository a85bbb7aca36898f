"""What we know of the machine and of the processes on it."""

import contextlib
import os
import platform
import subprocess
import sys
from pathlib import Path

from . import Failed

IN_MEMORY = {"tmpfs", "ramfs"}
TICKS = os.sysconf("SC_CLK_TCK")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


# --- processors ---------------------------------------------------------------


def usable_cpus():
    return sorted(os.sched_getaffinity(0))


def choose_cpus():
    """One for the server and one for what loads it, on different cores if there are two."""
    cpus = usable_cpus()
    if len(cpus) < 2:
        raise Failed("pinned runs take two processors; there is one (try --modes unpinned)")
    siblings = Path(f"/sys/devices/system/cpu/cpu{cpus[0]}/topology/thread_siblings_list")
    near = parse_cpus(siblings.read_text()) if siblings.exists() else {cpus[0]}
    return cpus[0], next((cpu for cpu in cpus if cpu not in near), cpus[1])


def parse_cpus(text):
    """The kernel's lists: `0-1,4`."""
    found = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


@contextlib.contextmanager
def running_on(cpus):
    """What is started in here inherits these processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def move(pids, cpus):
    """Moves running processes."""
    for pid in pids:
        for thread in threads(pid):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(thread, cpus)


def threads(pid):
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except FileNotFoundError:
        return []


# --- processes ----------------------------------------------------------------


def stat(pid):
    """The fields of /proc/PID/stat behind the name, or None when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def family(pid):
    """A process and its children."""
    found = [pid]
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(int(name))
            if fields and int(fields[1]) == pid:
                found.append(int(name))
    return found


def cpu_seconds(pid):
    """What a process has used so far, with its dead and waited-for children."""
    fields = stat(pid)
    return sum(map(int, fields[11:15])) / TICKS if fields else 0.0


def busy_seconds():
    """What all processors have worked so far, for anybody."""
    user, nice, system, _, _, irq, softirq = map(int, _cpu_line()[:7])
    return (user + nice + system + irq + softirq) / TICKS


def _cpu_line():
    with open("/proc/stat", encoding="ascii") as file:
        return file.readline().split()[1:]


def memory_kib(pid, field):
    """`VmRSS`: from the status; `Pss`: walks the page tables, so not under load."""
    name = "smaps_rollup" if field == "Pss" else "status"
    value = entry(f"/proc/{pid}/{name}", field)
    if not value:
        raise Failed(f"/proc/{pid}/{name} has no {field}")
    return int(value.split()[0])


# --- the disk -----------------------------------------------------------------


def filesystem(path):
    """The type of the file system that a path is on."""
    path = os.path.realpath(path)
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, fstype = line.split()[:3]
        point = point.replace("\\040", " ")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fstype
    return kind


def directory_on_disk(candidates):
    for path in candidates:
        if os.path.isdir(path) and os.access(path, os.W_OK) and filesystem(path) not in IN_MEMORY:
            return path
    raise Failed(f"none of {', '.join(candidates)} is on a disk; name a directory with --directory")


# --- for the record -----------------------------------------------------------


def describe(root):
    git = ("git", "-C", str(root))
    model = entry("/proc/cpuinfo", "model name") or platform.machine()
    changed = "+" if output(*git, "status", "--porcelain") else ""
    return {
        "processors": f"{len(usable_cpus())} × {model}",
        "memory_gib": round(int(entry("/proc/meminfo", "MemTotal").split()[0]) / 1024 / 1024, 1),
        "kernel": platform.release(),
        "rustc": output("rustc", "--version"),
        "commit": output(*git, "rev-parse", "--short", "HEAD") + changed,
    }


def entry(path, name):
    """The first value that one of the kernel's files has under a name."""
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def output(*command):
    """The first line that a command prints; nothing when it cannot."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    lines = done.stdout.strip().splitlines()
    return lines[0] if lines and done.returncode == 0 else ""
