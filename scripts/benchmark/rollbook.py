"""The program under test: building it, filling a database, running the server."""

import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import Failed
from .machine import memory_kib, running_on, say

START_PATIENCE = 30.0
IDLE_SECONDS = 1.0


def build(root):
    """Builds the server and the load generator; where they are."""
    metadata = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    known = json.loads(run_checked(metadata, cwd=root, stdout=subprocess.PIPE))
    target = Path(known["target_directory"])
    say("building rollbook (release, feature bench) and the load generator")
    build = ["cargo", "build", "--release", "--locked"]
    run_checked([*build, "--package", "rollbook", "--features", "bench"], cwd=root)
    manifest = root / "scripts/benchmark/load/Cargo.toml"
    load = target / "bench-load"
    run_checked([*build, "--manifest-path", manifest, "--target-dir", load], cwd=root)
    return target / "release/rollbook", load / "release/rollbook-load"


def run_checked(command, **options):
    done = subprocess.run(command, check=False, text=True, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} failed with {done.returncode}")
    return done.stdout


def environment(extra):
    """Ours without settings of Rollbook, so that two runs measure the same."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ROLLBOOK_")}
    return {**ours, **extra}


def load_sample(binary, database, size, directory):
    """Fills the database; the tokens and how long it took."""
    command = [
        binary,
        "load-sample",
        "--database",
        database.url,
        "--organizations",
        str(size.organizations),
        "--members",
        str(size.members),
        "--memberships",
        str(size.memberships),
        "--tokens",
        str(size.tokens),
    ]
    begin = time.monotonic()
    where = {"cwd": directory, "env": environment({})}
    tokens = run_checked(command, stdout=subprocess.PIPE, **where).split()
    seconds = time.monotonic() - begin
    if len(tokens) != size.tokens:
        raise Failed(f"load-sample printed {len(tokens)} tokens instead of {size.tokens}")
    return tokens, seconds


# What is measured is how fast invitations are made, not how soon they are refused.
UNLIMITED = {
    "ROLLBOOK_LIMITS_INVITATIONS_PER_ORGANIZATION_HOUR": "0",
    "ROLLBOOK_LIMITS_MESSAGES_PER_RECIPIENT_DAY": "0",
}
# As if another replica delivered what invitations leave in the outbox: it is measured apart.
WITHOUT_WORKER = {"ROLLBOOK_OUTBOX_ENABLED": "false"}


class Server:
    """A running server; its log goes to memory, so that it costs the disk nothing."""

    def __init__(self, binary, database, directory, cpus, settings):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.command = [binary, "serve", "--database", database.url, "--listen", self.address]
        self.directory = directory
        self.cpus = cpus
        self.settings = settings
        self.log = os.memfd_create("rollbook-log")
        self.process = None
        self.start_seconds = None

    def __enter__(self):
        """Starts it, and measures how long it takes until it is ready."""
        append = os.open(f"/proc/self/fd/{self.log}", os.O_WRONLY | os.O_APPEND)
        try:
            with running_on(self.cpus):
                begin = time.perf_counter()
                self.process = subprocess.Popen(
                    self.command,
                    cwd=self.directory,
                    env=environment({**UNLIMITED, **self.settings}),
                    stdin=subprocess.DEVNULL,
                    stdout=append,
                    stderr=append,
                    start_new_session=True,
                )
            self._wait_until_ready(begin)
        except BaseException:
            self.__exit__()
            raise
        finally:
            os.close(append)
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                say("the server did not stop when asked to; killing it")
                self.process.kill()
                self.process.wait()
        os.close(self.log)

    def _wait_until_ready(self, begin):
        while not self._is_ready():
            if self.process.poll() is not None:
                raise Failed(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            if time.perf_counter() - begin > START_PATIENCE:
                raise Failed(
                    f"the server is not ready after {START_PATIENCE:.0f} s:\n{self.log_tail()}"
                )
            time.sleep(0.0005)
        self.start_seconds = time.perf_counter() - begin

    def _is_ready(self):
        request = b"GET /health/ready HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(request)
                return connection.recv(64).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False

    def letters(self):
        """How many mails it has delivered, and how many it could not."""
        text = self._metrics()
        mails = r'^rollbook_outbox_deliveries_total\{channel="mail",outcome="(\w+)"\} (\d+)$'
        counts = {name: int(count) for name, count in re.findall(mails, text, re.MULTILINE)}
        return counts["delivered"], counts["failed"] + counts["dead"]

    def empty_outbox(self, box):
        """Waits until its worker has nothing to do, and throws the letters away."""
        waiting = r'^rollbook_outbox_messages\{state="pending"\} (\d+)$'
        while (found := re.search(waiting, self._metrics(), re.MULTILINE)) and found[1] != "0":
            time.sleep(0.5)
            for letter in box.iterdir():
                letter.unlink()

    def _metrics(self):
        try:
            connection = http.client.HTTPConnection(self.address, timeout=30)
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            connection.close()
        except (OSError, http.client.HTTPException) as cause:
            raise Failed(f"no metrics: {cause}\n{self.log_tail()}") from None
        return text

    @property
    def pid(self):
        return self.process.pid

    def idle_memory(self):
        time.sleep(IDLE_SECONDS)
        return {"rss_kib": memory_kib(self.pid, "VmRSS"), "pss_kib": memory_kib(self.pid, "Pss")}

    def forget_log(self):
        os.ftruncate(self.log, 0)

    def log_tail(self):
        size = os.fstat(self.log).st_size
        return os.pread(self.log, 4096, max(0, size - 4096)).decode(errors="replace")


def free_port():
    """Below the ports that the kernel gives to clients: one of our own attempts to connect could
    otherwise get the very port that we are waiting for."""
    lowest, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    for port in random.sample(range(lowest // 2, lowest), k=min(100, lowest // 2)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Failed("found no free port")
