"""What is asked of the server: the requests of each operation, tried once before they are
measured."""

import http.client
import itertools
import json
import random
from urllib.parse import quote

from . import Failed

PAGE_SIZE = 50
DEEP_PAGE = 200
# The load generator puts its request number here; see load/src/requests.rs.
NUMBER = "#" * 10

CONSTANT = "constant"
GET = "get"
LIST_FIRST = "list-first"
LIST_DEEP = "list-deep"
MEMBERS_FIRST = "members-first"
MEMBERS_DEEP = "members-deep"
CREATE = "create"
INVITE = "invite"
ACCEPT = "accept"
# Not a request: what the worker does with the letters of invitations.
DELIVER = "deliver"
READS = (GET, LIST_FIRST, LIST_DEEP, MEMBERS_FIRST, MEMBERS_DEEP)
WRITES = (CREATE, INVITE, ACCEPT)
# How many organizations invite, each by its owner.
INVITING = 200
# How many invitations one request makes when the ones to accept are prepared.
BATCH = 50


class Operations:
    """The requests of every operation as the load generator reads them, written to files."""

    def __init__(self, directory, server, tokens):
        self.directory = directory
        self.tokens = tokens
        client = Client(server.address, tokens[0])
        pages, organizations = client.walk("/api/v1/me/organizations", "user_organizations")
        self.deep_page = min(DEEP_PAGE, len(pages))
        random.Random(1).shuffle(organizations)
        self._write(CONSTANT, [request("GET", "/bench/constant")])
        self._write(GET, [request("GET", f"/api/v1/{name}", tokens[0]) for name in organizations])
        self._write(LIST_FIRST, [request("GET", pages[0], tokens[0])])
        self._write(LIST_DEEP, [request("GET", pages[self.deep_page - 1], tokens[0])])
        self.owners = list(owners(server, tokens[1 : 1 + INVITING]))
        guests = [
            (f"sample-{number + 1:06}@example.com", token)
            for number, token in list(enumerate(tokens))[2 + INVITING :]
        ]
        batches = (guests[start : start + BATCH] for start in itertools.count(0, BATCH))
        # Who is invited next, a few at a time, and the requests that accept what nobody has yet.
        self.guests = itertools.takewhile(bool, batches)
        self.acceptable = []
        self._members()
        body = json.dumps({"title": f"Company {NUMBER}"})
        # The first user has organizations enough.
        self._write(
            CREATE, [request("POST", "/api/v1/organizations", token, body) for token in tokens[1:]]
        )
        self._write(INVITE, [invitation(*owner) for owner in self.owners])
        self._try(client, pages, organizations)

    def _members(self):
        """The members of the first organization, of which the first owner is one."""
        client, organization = self.owners[0][0], self.owners[0][2]
        pages, _ = client.walk(f"/api/v1/{organization}/users", "users")
        self.deep_members = min(DEEP_PAGE, len(pages))
        token = self.owners[0][1]
        self._write(MEMBERS_FIRST, [request("GET", pages[0], token)])
        self._write(MEMBERS_DEEP, [request("GET", pages[self.deep_members - 1], token)])

    def invite(self, server, count):
        """Invites those who have tokens, until `count` invitations can be accepted, each once."""
        while len(self.acceptable) < count:
            guests = next(self.guests, None)
            if guests is None:
                raise Failed(f"only {len(self.acceptable)} invitations could be made, not {count}")
            # Every organization invites about as many: what counts seats locks its organization, so
            # that a single one would be measured waiting for itself.
            for _, token, organization in self.owners:
                # The server may be another one than when the owners were found.
                client = Client(server.address, token)
                made = client.invite(organization, dict(guests))
                self.acceptable += accepting(made, dict(guests))
        random.Random(2).shuffle(self.acceptable)
        self._write(ACCEPT, self.acceptable)

    def accepted(self, count):
        """So many of them were, in their order."""
        if count > len(self.acceptable):
            raise Failed("there were not invitations enough; the rate counts repetitions")
        del self.acceptable[:count]

    def file(self, operation):
        return self.directory / f"{operation}.requests"

    def labels(self):
        return {
            CONSTANT: "constant",
            GET: "get one",
            LIST_FIRST: f"list {PAGE_SIZE}, page 1",
            LIST_DEEP: f"list {PAGE_SIZE}, page {self.deep_page}",
            MEMBERS_FIRST: f"members {PAGE_SIZE}, page 1",
            MEMBERS_DEEP: f"members {PAGE_SIZE}, page {self.deep_members}",
            CREATE: "create",
            INVITE: "create invitation",
            ACCEPT: "accept invitation",
            DELIVER: "deliver a letter",
        }

    def _write(self, operation, requests):
        with open(self.file(operation), "wb") as file:
            for text in requests:
                file.write(b"%d\n%s" % (len(text), text))

    def _try(self, client, pages, organizations):
        """A fast wrong answer is worth nothing."""
        client.get("/bench/constant")
        name = organizations[0]
        if client.get(f"/api/v1/{name}").get("name") != name:
            raise Failed(f"GET /api/v1/{name} gives something else")
        for page in (pages[0], pages[self.deep_page - 1]):
            items = client.get(page)["user_organizations"]
            if len(items) != PAGE_SIZE:
                raise Failed(f"a page of {len(items)} organizations instead of {PAGE_SIZE}")


def owners(server, tokens):
    """Some users who own something, with the first thing they own."""
    for token in tokens:
        client = Client(server.address, token)
        me = client.get("/api/v1/me")["name"]
        mine = client.get("/api/v1/me/organizations?page_size=1000")["user_organizations"]
        owned = [one["name"] for one in mine if one["owner"].endswith(f"/{me}")]
        if owned:
            yield client, token, owned[0]


def invitation(_, token, organization):
    """A request that invites somebody new each time."""
    body = {"email": f"guest-{NUMBER}@example.org", "roles": [f"{organization}/roles/org-member"]}
    return request("POST", f"/api/v1/{organization}/invitations", token, json.dumps(body))


def accepting(invitations, tokens):
    """Requests by which each invitation is accepted by whom it is for."""
    for made in invitations:
        path = f"/api/v1/me/invitations/{made['name'].rsplit('/', 1)[1]}:accept"
        yield request("POST", path, tokens[made["email"]], "{}")


def request(method, path, token=None, body=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode()


class Client:
    """Asks one question at a time."""

    def __init__(self, address, token):
        self.connection = http.client.HTTPConnection(address, timeout=30)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path):
        return self._ask("GET", path, None, self.headers)

    def _ask(self, method, path, body, headers):
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise Failed(f"{method} {path}: {response.status}\n{text.decode(errors='replace')}")
        return json.loads(text)

    def post(self, path, body):
        headers = {**self.headers, "Content-Type": "application/json"}
        return self._ask("POST", path, json.dumps(body), headers)

    def walk(self, collection, key):
        """The addresses of the full pages of a list, and the names on all of them."""
        pages, names, token = [], [], None
        while token != "":
            path = f"{collection}?page_size={PAGE_SIZE}"
            path += f"&page_token={quote(token)}" if token else ""
            answer = self.get(path)
            items, token = answer[key], answer.get("next_page_token", "")
            names += [item["name"] for item in items if "name" in item]
            if len(items) == PAGE_SIZE:
                pages.append(path)
        if not pages:
            raise Failed(f"{collection} has {len(names)} items, not even a page")
        return pages, names

    def invite(self, organization, emails):
        """Invites many at once; answers the invitations that were made."""
        roles = [f"{organization}/roles/org-member"]
        requests = [{"invitation": {"email": email, "roles": roles}} for email in emails]
        answer = self.post(f"/api/v1/{organization}/invitations:batchCreate", {"requests": requests})
        return [one["invitation"] for one in answer["results"] if "invitation" in one]
