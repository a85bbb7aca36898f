#!/usr/bin/env python3
"""Runs OAuth clients that nobody here wrote against the built program, on a throw-away database.

    scripts/oauth/run.py ROLLBOOK

ROLLBOOK is the program. The clients are Authlib (Python) and openid-client (JavaScript), of the
versions that requirements.txt and package-lock.json name; they are installed under
target/oauth-clients, and again when those files change. Nothing is skipped: without Python's venv,
node or npm it fails.
"""

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parent.parent / "target" / "oauth-clients"
CALLBACK = "https://client.example/callback"
EMAIL = "admin@example.com"


def main() -> None:
    rollbook = str(Path(sys.argv[1]).resolve())
    python = install_python()
    install_node()
    with tempfile.TemporaryDirectory(prefix="rollbook-oauth-") as place:
        with serving(rollbook, Path(place)) as (issuer, token, command):
            config = prepare(issuer, token, command)
            file = Path(place) / "config.json"
            file.write_text(json.dumps(config), encoding="utf-8")
            run([python, str(HERE / "flows.py"), str(file)])
            run(["node", str(INSTALLED / "node" / "flows.mjs"), str(file)])


def run(command: list[str]) -> None:
    subprocess.run(command, check=True)


def is_fresh(folder: Path, *files: Path) -> bool:
    """Whether what is installed in a folder is what these files say."""
    stamp = folder / "stamp"
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return True
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return False


def mark(folder: Path, *files: Path) -> None:
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    (folder / "stamp").write_text(wanted)


def install_python() -> str:
    folder, requirements = INSTALLED / "python", HERE / "requirements.txt"
    python = folder / "venv" / "bin" / "python"
    if not is_fresh(folder, requirements):
        run([sys.executable, "-m", "venv", str(folder / "venv")])
        run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(requirements)])
        mark(folder, requirements)
    return str(python)


def install_node() -> None:
    folder = INSTALLED / "node"
    files = [HERE / "package.json", HERE / "package-lock.json"]
    if not is_fresh(folder, *files):
        for file in files:
            shutil.copy(file, folder)
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(npm, check=True, cwd=folder)
        mark(folder, *files)
    # Beside its modules, where node looks for them.
    shutil.copy(HERE / "flows.mjs", folder)


@contextlib.contextmanager
def serving(rollbook: str, place: Path):
    """A running server: its URL, the first token, and a way to run other commands beside it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ROLLBOOK_")},
        "ROLLBOOK_DATABASE_URL": f"sqlite:{place / 'rollbook.db'}",
        "ROLLBOOK_SERVER_PUBLIC_URL": issuer,
        "ROLLBOOK_MAIL_DIRECTORY": str(place / "mail"),
        "ROLLBOOK_BOOTSTRAP_EMAIL": EMAIL,
        "ROLLBOOK_LOG_LEVEL": "warn",
    }
    server = subprocess.Popen(
        [rollbook, "serve", "--listen", f"127.0.0.1:{port}"],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )

    def command(*arguments: str) -> list[str]:
        ran = subprocess.run(
            [rollbook, *arguments], cwd=place, env=environment, check=True, text=True,
            stdout=subprocess.PIPE,
        )
        return ran.stdout.split()

    try:
        token = None
        for line in server.stdout:
            if "rbk_pat_" in line:
                token = line[line.index("rbk_pat_"):].strip()
            if "is listening on" in line:
                break
        assert token, "the server did not start"
        yield issuer, token, command
    finally:
        server.terminate()
        server.wait(30)


def prepare(issuer: str, token: str, command) -> dict:
    """Two organizations and three clients."""
    organization, elsewhere = (found(issuer, token, title) for title in ("Acme", "Globex"))
    way = ["--grant", "refresh_token", "--grant", "authorization_code"]
    clients = {
        "web": made(command("client", "create", "--name", "Web", *way, "--redirect-uri", CALLBACK)),
        "app": made(
            command(
                "client", "create", "--name", "App", "--public", *way, "--grant", "device_code",
                "--redirect-uri", CALLBACK,
            )
        ),
        "robot": made(
            command(
                "client", "create", "--name", "Robot", "--organization", organization,
                "--grant", "client_credentials", "--role", "org-viewer",
            )
        ),
    }
    return {
        "issuer": issuer,
        "token": token,
        "email": EMAIL,
        "redirect_uri": CALLBACK,
        "organization": organization,
        "elsewhere": elsewhere,
        "clients": clients,
    }


def made(printed: list[str]) -> dict:
    return dict(zip(("id", "secret"), printed))


def found(issuer: str, token: str, title: str) -> str:
    request = urllib.request.Request(
        issuer + "/api/v1/organizations",
        data=json.dumps({"title": title}).encode(),
        headers={"Authorization": "Bearer " + token},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["name"].removeprefix("organizations/")


if __name__ == "__main__":
    main()
