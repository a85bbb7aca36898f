"""A browser, as far as Rollbook's pages need one: it keeps a cookie, reads forms and sends them."""

import html
import re
import urllib.parse

import requests

INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
ACTION = re.compile(r'<form method="post" action="([^"]*)" class="actions">')


REFRESH = re.compile(r'<meta http-equiv="refresh" content="0;url=([^"]*)">')


def hidden(page: requests.Response) -> dict:
    """The hidden fields of a page."""
    return {name: html.unescape(value) for name, value in INPUT.findall(page.text)}


class Browser:
    def __init__(self, home: str, token: str | None = None):
        self.home = home
        self.session = requests.Session()
        if token:
            page = self.post("/sign-in", {"token": token})
            assert page.status_code == 303, page.text

    def get(self, url: str) -> requests.Response:
        """Follows a link, and no redirect."""
        url = urllib.parse.urljoin(self.home, url)
        return self.session.get(url, allow_redirects=False)

    def post(self, path: str, form: dict) -> requests.Response:
        """Sends a form of the page's own."""
        return self.session.post(
            self.home + path, data=form, headers={"Origin": self.home}, allow_redirects=False
        )

    def press(self, page: requests.Response, decision: str) -> requests.Response:
        """Presses one of the two buttons of a page that asks."""
        assert page.status_code == 200, page.text
        form = hidden(page) | {"decision": decision}
        return self.post(html.unescape(ACTION.search(page.text).group(1)), form)

    def sign_in_on_the_way(self, url: str, token: str) -> str:
        """Opens a client's link and signs in first; tells where the browser goes on. It may be led to
        the client there, so that it must be no redirect: Chrome holds the form's policy against those.
        """
        led = self.get(url)
        assert led.status_code == 303, led.text
        page = self.post("/sign-in", hidden(self.get(led.headers["Location"])) | {"token": token})
        assert page.status_code == 200, page.headers
        return html.unescape(REFRESH.search(page.text).group(1))

    def authorize(self, url: str, decision: str = "allow") -> str:
        """Opens a client's link and answers; tells where the browser is led."""
        page = self.get(url)
        if page.status_code == 200:
            page = self.press(page, decision)
        assert page.status_code == 303, page.text
        return page.headers["Location"]

    def connect(self, user_code: str, decision: str = "allow") -> str:
        """Types a device's code and answers; tells the last page."""
        asked = self.post("/oauth2/device", {"user_code": user_code})
        return self.press(asked, decision).text
