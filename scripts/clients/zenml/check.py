"""ZenML's own client for ZenML Pro, pointed at a running Rollbook.

Run by scripts/test-clients; its argument is the rollbook program.
"""

import asyncio
import html
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional
from urllib.parse import parse_qs, urlparse
from uuid import UUID, uuid4

ROLLBOOK = Path(sys.argv[1]).resolve()
HOME = tempfile.TemporaryDirectory(prefix="rollbook-zenml-")

import requests
from pydantic import BaseModel

# Before zenml is imported, which reads them: nothing of the machine's, and no word to anybody.
os.environ["ZENML_CONFIG_PATH"] = HOME.name
os.environ["ZENML_ANALYTICS_OPT_IN"] = "false"
os.environ["ZENML_LOGGING_VERBOSITY"] = "ERROR"

from zenml.exceptions import (  # noqa: E402
    CredentialsNotValid,
    EntityExistsError,
    IllegalOperationError,
)
from zenml.login.credentials_store import get_credentials_store  # noqa: E402
from zenml.login.pro.client import ZenMLProClient  # noqa: E402
from zenml.login.pro.models import BaseRestAPIModel  # noqa: E402
from zenml.login.pro.organization.client import (  # noqa: E402
    ORGANIZATIONS_ROUTE,
    OrganizationClient,
)
from zenml.login.pro.organization.models import OrganizationRead  # noqa: E402
from zenml.models.v2.misc.auth_models import (  # noqa: E402
    OAuthDeviceAuthorizationRequest,
    OAuthDeviceAuthorizationResponse,
    OAuthDeviceTokenRequest,
    OAuthTokenResponse,
)


class OrganizationCreate(BaseRestAPIModel):
    """The body that is published for creations; the client brings only the model for reads."""

    id: Optional[UUID] = None
    name: str
    description: Optional[str] = None
    logo_url: Optional[str] = None
    links: Optional[List[Dict[str, Any]]] = None
    owner_id: Optional[UUID] = None


class OrganizationUpdate(BaseRestAPIModel):
    """The body that is published for updates."""

    name: Optional[str] = None
    description: Optional[str] = None
    logo_url: Optional[str] = None
    links: Optional[List[Dict[str, Any]]] = None
    owner_id: Optional[UUID] = None


def rollbook(*arguments: str) -> str:
    """Runs a command of Rollbook in the installation."""
    environment = {"ROLLBOOK_DATABASE_URL": "sqlite:test.db"}
    command = [str(ROLLBOOK), *arguments]
    ran = subprocess.run(command, cwd=HOME.name, env=environment, check=True, capture_output=True)
    return ran.stdout.decode().strip()


# As which ZenML's programs wait for a person.
CLIENT = rollbook(
    *("client", "create", "--name", "ZenML", "--public", "--grant", "device_code"),
    *("--scope", "rollbook", "--scope", "rollbook:read"),
)


def free_port() -> int:
    """A port that nobody has: links name it, so that it has to be known beforehand."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running Rollbook."""

    def __enter__(self) -> str:
        environment = {
            "ROLLBOOK_DATABASE_URL": "sqlite:test.db",
            "ROLLBOOK_LOG_LEVEL": "error",
            "ROLLBOOK_ZENML_CLIENT_ID": CLIENT,
        }
        command = [str(ROLLBOOK), "serve", "--listen", f"127.0.0.1:{free_port()}"]
        self.process = subprocess.Popen(
            command, cwd=HOME.name, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.search(r"is listening on (http://\S+)", line)
            if found:
                return found.group(1)
        raise SystemExit("rollbook ended without listening")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


def person(name: str) -> str:
    """Makes a person, and answers a token of theirs."""
    email = f"{name}@example.com"
    rollbook("user", "create", "--email", email, "--name", name)
    return rollbook("token", "create", "--user", email, "--name", "test")


def client(url: str, token: str) -> ZenMLProClient:
    """ZenML's client with this bearer token, as `zenml login` would have kept it."""
    kept = OAuthTokenResponse(access_token=token, token_type="bearer")
    get_credentials_store().set_token(url, kept, is_zenml_pro=True)
    # Past its metaclass, which allows one client a process.
    made = ZenMLProClient.__new__(ZenMLProClient)
    made.__init__(url)
    assert made.api_token == token
    return made


def raises(kind: type, what: Any) -> str:
    """Checks that the client raises just this, which it finds by the class in the answer."""
    try:
        what()
    except Exception as error:
        assert type(error) is kind, f"{kind.__name__}, not {error!r}"
        return str(error)
    raise AssertionError(f"nothing was raised, {kind.__name__} should be")


def organizations(url: str, jane: str, mallory: str) -> None:
    """Creates, reads, lists, updates and deletes an organization."""
    pro = client(url, jane)
    it: OrganizationClient = pro.organization
    every = lambda: asyncio.run(it.list())  # noqa: E731
    assert every() == []
    wanted = OrganizationCreate(name="Acme Corp", description="Anvils", links=[{"title": "Wiki"}])
    made = pro._create_resource(wanted, OrganizationRead, ORGANIZATIONS_ROUTE)
    assert (made.name, made.description) == ("Acme Corp", "Anvils")
    assert made.owner["email"] == "jane@example.com" and made.links == [{"title": "Wiki"}]
    assert made.created.tzinfo is not None and made.created == made.updated

    assert it.get(made.id) == it.get(str(made.id)) == it.get("acme corp") == made
    assert every() == [made] == asyncio.run(it.list(offset=0, limit=1))
    assert asyncio.run(it.list(offset=1)) == []
    status = pro._get_resource(
        made.id, ORGANIZATIONS_ROUTE, OrganizationRead, include_subscription_status=True
    )
    assert status.has_active_subscription is True and status.trial_expiry > 0

    route = f"{ORGANIZATIONS_ROUTE}/{made.id}"
    changed = OrganizationRead.model_validate(
        pro.patch(route, body=OrganizationUpdate(name="Acme", links=[]))
    )
    assert (changed.name, changed.description, changed.links) == ("Acme", "Anvils", [])
    assert it.get("Acme") == changed

    another = OrganizationCreate(name="Bolt")
    # A class that is not in the client's table becomes the last one of its status.
    message = raises(
        IllegalOperationError,
        lambda: pro._create_resource(another, OrganizationRead, ORGANIZATIONS_ROUTE),
    )
    assert "already owns 1" in message, message
    raises(KeyError, lambda: it.get(uuid4()))
    raises(KeyError, lambda: it.get("nobody's"))
    raises(ValueError, lambda: pro.patch(route, body=OrganizationUpdate(name="x" * 51)))

    stranger = client(url, mallory)
    taken = OrganizationCreate(name="ACME")
    raises(
        EntityExistsError,
        lambda: stranger._create_resource(taken, OrganizationRead, ORGANIZATIONS_ROUTE),
    )
    raises(KeyError, lambda: stranger.organization.get(made.id))
    raises(KeyError, lambda: stranger._delete_resource(made.id, ORGANIZATIONS_ROUTE))
    raises(CredentialsNotValid, lambda: client(url, "nonsense").organization.get(made.id))

    pro = client(url, jane)
    pro._delete_resource(made.id, ORGANIZATIONS_ROUTE)
    raises(KeyError, lambda: pro.organization.get(made.id))
    assert asyncio.run(pro.organization.list()) == []


def workspaces(url: str, jane: str) -> None:
    """Reads workspaces through the model that ZenML's client has for them."""
    pro = client(url, jane)
    home = pro._create_resource(
        OrganizationCreate(name="Acme"), OrganizationRead, ORGANIZATIONS_ROUTE
    )

    class WorkspaceCreate(BaseRestAPIModel):
        organization_id: UUID
        name: str

    body = WorkspaceCreate(organization_id=home.id, name="Lab")
    made = pro.post("/workspaces", body=body)
    found = pro.workspace.get(UUID(made["id"]))
    assert (found.name, found.organization_id, found.url) == ("Lab", home.id, None)
    assert pro.workspace.list(workspace_name="lab", member_only=True) == [found]
    assert pro.workspace.list(organization_id=home.id) == [found]
    assert pro.workspace.list(url="https://elsewhere.example") == []


class Browser:
    """A browser in which a person has signed in."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.session = url, requests.Session()
        assert self.post("/sign-in", {"token": token}).status_code == 303

    def post(self, path: str, form: Dict[str, str]) -> requests.Response:
        headers = {"Origin": self.url}
        return self.session.post(
            self.url + path, data=form, headers=headers, allow_redirects=False
        )

    def open(self, link: str) -> bool:
        """Opens the link of a device, types its code and says yes."""
        assert link.startswith(f"{self.url}/oauth2/device?user_code="), link
        assert self.session.get(link).status_code == 200
        code = parse_qs(urlparse(link).query)["user_code"][0]
        page = self.post("/oauth2/device", {"user_code": code})
        assert page.status_code == 200 and "ZenML" in page.text, page.text
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
        action = re.findall(r'<form method="post" action="([^"]*)" class="actions">', page.text)
        form = {name: html.unescape(value) for name, value in fields}
        answered = self.post(html.unescape(action[0]), {**form, "decision": "allow"})
        assert answered.status_code == 200, answered.text
        return True


def ask(url: str, request: BaseModel) -> requests.Response:
    """Sends a form as `zenml login` does."""
    return requests.post(url, data=request.model_dump(exclude_none=True), timeout=10)


def signing_in(url: str, jane: str, mallory: str) -> None:
    """Logs in as `zenml login` does (web_login.py, whose imports take all of ZenML): by a browser;
    and with an API key."""
    me = uuid4()
    answer = ask(f"{url}/auth/device_authorization", OAuthDeviceAuthorizationRequest(client_id=me))
    begun = OAuthDeviceAuthorizationResponse(**answer.json())
    poll = OAuthDeviceTokenRequest(device_code=begun.device_code, client_id=me)
    assert Browser(url, jane).open(begun.verification_uri_complete)
    token = OAuthTokenResponse(**ask(f"{url}/auth/login", poll).json())
    assert token.access_token.startswith("rbk_oat_") and token.expires_in == 3600
    again = ask(f"{url}/auth/login", poll)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant"), again.text
    assert person_of(url, token.access_token) == "jane@example.com"

    key = ZenMLProClient.fetch_api_token(url, mallory)
    assert key.access_token == mallory and person_of(url, mallory) == "mallory@example.com"
    raises(CredentialsNotValid, lambda: ZenMLProClient.fetch_api_token(url, "nonsense"))


def person_of(url: str, token: str) -> str:
    """Whose token it is."""
    return client(url, token).get("/users/me")["email"]


def main() -> None:
    """Runs all of it against one server."""
    with Server() as url:
        jane, mallory = person("jane"), person("mallory")
        signing_in(url, jane, mallory)
        organizations(url, jane, mallory)
        workspaces(url, jane)
    print("zenml: its client for ZenML Pro speaks to Rollbook")


main()
