"""Runs the load generator and watches what it does to the machine."""

import json
import os
import resource
import subprocess
import time

from . import Failed
from .machine import busy_seconds, cpu_seconds, memory_kib, running_on


def run(generator, server, database, requests, first, options, cpus):
    """One measurement: what the generator says, and processors and memory meanwhile."""
    server.forget_log()
    before = Usage(server, database)
    millis = (str(int(seconds * 1000)) for seconds in (options.warm_up, options.seconds))
    command = [generator, server.address, str(options.connections), *millis, str(first), requests]
    with running_on(cpus):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            seen, complaint, peak = watch(process, server)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        raise Failed(
            f"{requests.stem}: {complaint.strip()}\n"
            f"The server's log ends with:\n{server.log_tail()}"
        )
    result = json.loads(seen)
    if result["answers"] == 0:
        raise Failed(f"{requests.stem}: no answer within {options.seconds} s")
    result["rate"] = result["answers"] / result["seconds"]
    result["rss_kib"] = peak
    used = Usage(server, database).since(before)
    result["server_us"] = used.pop("seconds") * used["server"] * 1e6 / result["issued"]
    result["cpu"] = used
    return result


def deliveries(server, database, options):
    """How many letters the server delivers while nobody asks for anything."""
    time.sleep(options.warm_up)
    first, _ = server.letters()
    before, peak = Usage(server, database), 0
    while time.monotonic() < before.at + options.seconds:
        time.sleep(0.1)
        peak = max(peak, memory_kib(server.pid, "VmRSS"))
    last, lost = server.letters()
    used = Usage(server, database).since(before)
    if last == first or lost:
        raise Failed(f"{last - first} letters were delivered, {lost} were not: no rate")
    seconds = used.pop("seconds")
    return {
        "answers": last - first,
        "rate": (last - first) / seconds,
        "server_us": seconds * used["server"] * 1e6 / (last - first),
        "rss_kib": peak,
        "cpu": used,
    }


def watch(process, server):
    """Waits for the generator, looking at the server's memory ten times a second."""
    peak = 0
    while True:
        try:
            seen, complaint = process.communicate(timeout=0.1)
            return seen, complaint, peak
        except subprocess.TimeoutExpired:
            if server.process.poll() is not None:
                raise Failed(f"the server died:\n{server.log_tail()}") from None
            peak = max(peak, memory_kib(server.pid, "VmRSS"))


class Usage:
    """Processor time used so far, by whom."""

    def __init__(self, server, database):
        self.at = time.monotonic()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = {
            "server": cpu_seconds(server.pid),
            "load": children.ru_utime + children.ru_stime,
            "database": sum(map(cpu_seconds, database.processes())),
        }
        ourselves = sum(os.times()[:2])
        self.others = busy_seconds() - sum(self.seconds.values()) - ourselves

    def since(self, before):
        """As shares of one processor; `others` is everybody who is not part of the measurement."""
        elapsed = self.at - before.at
        used = {name: self.seconds[name] - before.seconds[name] for name in self.seconds}
        used["others"] = max(0.0, self.others - before.others)
        shares = {name: round(seconds / elapsed, 3) for name, seconds in used.items()}
        return {**shares, "seconds": elapsed}
