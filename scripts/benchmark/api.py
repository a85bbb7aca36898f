"""What is asked of the server: the requests of each operation, tried once before they are
measured."""

import http.client
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
CREATE = "create"
READS = (GET, LIST_FIRST, LIST_DEEP)
WRITES = (CREATE,)


class Operations:
    """The requests of every operation as the load generator reads them, written to files."""

    def __init__(self, directory, server, tokens):
        self.directory = directory
        client = Client(server.address, tokens[0])
        pages, organizations = client.walk()
        self.deep_page = min(DEEP_PAGE, len(pages))
        random.Random(1).shuffle(organizations)
        self._write(CONSTANT, [request("GET", "/bench/constant")])
        self._write(GET, [request("GET", f"/api/v1/{name}", tokens[0]) for name in organizations])
        self._write(LIST_FIRST, [request("GET", pages[0], tokens[0])])
        self._write(LIST_DEEP, [request("GET", pages[self.deep_page - 1], tokens[0])])
        body = json.dumps({"title": f"Company {NUMBER}"})
        # The first user has organizations enough.
        self._write(
            CREATE, [request("POST", "/api/v1/organizations", token, body) for token in tokens[1:]]
        )
        self._try(client, pages, organizations)

    def file(self, operation):
        return self.directory / f"{operation}.requests"

    def labels(self):
        return {
            CONSTANT: "constant",
            GET: "get one",
            LIST_FIRST: f"list {PAGE_SIZE}, page 1",
            LIST_DEEP: f"list {PAGE_SIZE}, page {self.deep_page}",
            CREATE: "create",
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
            items, _ = page_of(client.get(page))
            if len(items) != PAGE_SIZE:
                raise Failed(f"a page of {len(items)} organizations instead of {PAGE_SIZE}")


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
        self.connection.request("GET", path, headers=self.headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise Failed(f"GET {path}: {response.status}\n{text.decode(errors='replace')}")
        return json.loads(text)

    def walk(self):
        """The addresses of the full pages of the first user's list, and the names on all."""
        pages, names, token = [], [], None
        while token != "":
            path = f"/api/v1/me/organizations?page_size={PAGE_SIZE}"
            path += f"&page_token={quote(token)}" if token else ""
            items, token = page_of(self.get(path))
            names += [item["name"] for item in items]
            if len(items) == PAGE_SIZE:
                pages.append(path)
        if not pages:
            raise Failed(f"the first user has {len(names)} organizations, not even a page")
        return pages, names


def page_of(answer):
    return answer["user_organizations"], answer.get("next_page_token", "")
