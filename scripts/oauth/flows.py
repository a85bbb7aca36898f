"""Authlib, which nobody here wrote, runs every flow against a running Rollbook.

    flows.py CONFIG

CONFIG is the JSON that run.py writes.
"""

import json
import os
import sys
import time
import urllib.parse

# Over plain HTTP, on one machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from browser import Browser

with open(sys.argv[1], encoding="utf-8") as file:
    CONFIG = json.load(file)
HOME = CONFIG["issuer"]
META = requests.get(HOME + "/.well-known/openid-configuration").json()
CALLBACK = CONFIG["redirect_uri"]
ALL = "openid profile email offline_access rollbook"


def session(client: str, scope: str | None = ALL, method: str = "client_secret_basic"):
    """A client of Authlib's for one of the registered ones."""
    known = CONFIG["clients"][client]
    if not known.get("secret"):
        method = "none"
    return OAuth2Session(
        known["id"],
        known.get("secret"),
        scope=scope,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )


def query(url: str) -> dict:
    parts = urllib.parse.urlsplit(url)
    return dict(urllib.parse.parse_qsl(parts.query))


def log_in(client: str, method: str = "client_secret_basic", scope: str = ALL):
    """The authorization code flow; tells the session, its token and the nonce."""
    with_authlib = session(client, scope, method)
    verifier, nonce = generate_token(48), generate_token(20)
    url, state = with_authlib.create_authorization_url(
        META["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    led_to = BROWSER.authorize(url)
    assert led_to.startswith(CALLBACK + "?"), led_to
    assert query(led_to)["iss"] == HOME, led_to
    with_authlib.fetch_token(
        META["token_endpoint"],
        authorization_response=led_to,
        state=state,
        code_verifier=verifier,
    )
    return with_authlib, led_to, nonce, verifier


def refused(error: str, call, *arguments, **named):
    """That a call is answered with this error of the protocol."""
    try:
        answer = call(*arguments, **named)
    except OAuthError as problem:
        assert problem.error == error, problem
    else:
        raise AssertionError(f"{error} was expected, not {answer}")


def me(token: str) -> requests.Response:
    headers = {"Authorization": "Bearer " + token}
    return requests.get(HOME + "/api/v1/me", headers=headers)


def discovery():
    other = requests.get(HOME + "/.well-known/oauth-authorization-server").json()
    assert META == other
    assert META["issuer"] == HOME
    for name, url in META.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert url.startswith(HOME + "/oauth2/"), (name, url)


def code_with_every_way_to_prove():
    for client, method in [
        ("web", "client_secret_basic"),
        ("web", "client_secret_post"),
        ("app", "none"),
    ]:
        with_authlib, _, nonce, _ = log_in(client, method)
        token = with_authlib.token
        assert token["token_type"] == "Bearer" and token["expires_in"] == 3600, token
        assert me(token["access_token"]).json()["email"] == CONFIG["email"]
        keys = KeySet.import_key_set(requests.get(META["jwks_uri"]).json())
        claims = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": HOME},
            aud={"essential": True, "value": CONFIG["clients"][client]["id"]},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
        )
        registry.validate(claims)
        info = with_authlib.get(META["userinfo_endpoint"]).json()
        assert info["sub"] == claims["sub"], (info, claims)
        assert info["email"] == claims["email"] == CONFIG["email"], info


def signing_in_on_the_way():
    log_in("web")
    url, _ = session("web").create_authorization_url(
        META["authorization_endpoint"], code_verifier=generate_token(48)
    )
    stranger = Browser(HOME)
    page = stranger.get(stranger.sign_in_on_the_way(url, CONFIG["token"]))
    # What was allowed before is not asked again.
    assert page.status_code == 303, page.text
    assert page.headers["Location"].startswith(CALLBACK + "?code="), page.headers


def a_code_works_once():
    with_authlib, led_to, _, verifier = log_in("web")
    again = session("web")
    refused(
        "invalid_grant",
        again.fetch_token,
        META["token_endpoint"],
        authorization_response=led_to,
        state=query(led_to)["state"],
        code_verifier=verifier,
    )
    assert me(with_authlib.token["access_token"]).status_code == 401, "it was ended"


def the_verifier_counts():
    with_authlib = session("web")
    url, state = with_authlib.create_authorization_url(
        META["authorization_endpoint"], code_verifier=generate_token(48)
    )
    refused(
        "invalid_grant",
        with_authlib.fetch_token,
        META["token_endpoint"],
        authorization_response=BROWSER.authorize(url),
        state=state,
        code_verifier=generate_token(48),
    )


def no_is_no():
    url, _ = session("app").create_authorization_url(
        META["authorization_endpoint"], code_verifier=generate_token(48), prompt="consent"
    )
    told = query(BROWSER.authorize(url, "deny"))
    assert told["error"] == "access_denied" and told["iss"] == HOME, told


def refresh_tokens_rotate_and_are_not_used_twice():
    with_authlib, _, _, _ = log_in("app")
    first = dict(with_authlib.token)
    second = dict(with_authlib.refresh_token(META["token_endpoint"], first["refresh_token"]))
    assert second["refresh_token"] != first["refresh_token"]
    assert me(second["access_token"]).status_code == 200
    refused(
        "invalid_grant",
        with_authlib.refresh_token,
        META["token_endpoint"],
        first["refresh_token"],
    )
    assert me(second["access_token"]).status_code == 401, "the whole family is gone"
    refused(
        "invalid_grant",
        with_authlib.refresh_token,
        META["token_endpoint"],
        second["refresh_token"],
    )


def scopes_are_kept_to():
    with_authlib, _, _, _ = log_in("web", scope="rollbook:read")
    token = with_authlib.token["access_token"]
    assert me(token).status_code == 200
    headers = {"Authorization": "Bearer " + token}
    made = requests.post(HOME + "/api/v1/organizations", json={"title": "X"}, headers=headers)
    assert made.status_code == 403, made.text
    assert 'error="insufficient_scope"' in made.headers["WWW-Authenticate"], made.headers
    told = with_authlib.get(META["userinfo_endpoint"])
    assert told.status_code == 403 and told.json()["error"] == "insufficient_scope", told.text


def client_credentials():
    robot = session("robot", scope=None)
    token = robot.fetch_token(META["token_endpoint"], grant_type="client_credentials")
    assert "refresh_token" not in token and "id_token" not in token, token
    at = f"{HOME}/api/v1/organizations/"
    assert robot.get(at + CONFIG["organization"]).status_code == 200
    assert robot.get(at + CONFIG["elsewhere"]).status_code == 403
    wrong = OAuth2Session(CONFIG["clients"]["robot"]["id"], "rbk_ocs_wrong")
    refused(
        "invalid_client",
        wrong.fetch_token,
        META["token_endpoint"],
        grant_type="client_credentials",
    )


def a_device():
    known = CONFIG["clients"]["app"]
    form = {"client_id": known["id"], "scope": ALL}
    begun = requests.post(META["device_authorization_endpoint"], data=form).json()
    with_authlib = session("app")
    poll = {
        "url": META["token_endpoint"],
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": begun["device_code"],
    }
    refused("authorization_pending", with_authlib.fetch_token, **poll)
    refused("slow_down", with_authlib.fetch_token, **poll)
    assert "is connected" in BROWSER.connect(begun["user_code"].lower())
    # The interval, and five seconds more for having hurried (RFC 8628 section 3.5).
    time.sleep(begun["interval"] + 5.5)
    token = with_authlib.fetch_token(**poll)
    assert me(token["access_token"]).status_code == 200
    begun = requests.post(META["device_authorization_endpoint"], data=form).json()
    BROWSER.connect(begun["user_code"], "deny")
    poll["device_code"] = begun["device_code"]
    refused("access_denied", with_authlib.fetch_token, **poll)


def introspection_and_revocation():
    with_authlib, _, _, _ = log_in("web")
    token = with_authlib.token["access_token"]
    refresh_token = with_authlib.token["refresh_token"]

    def look(what):
        return with_authlib.introspect_token(META["introspection_endpoint"], token=what).json()

    told = look(token)
    assert told["active"] and told["iss"] == HOME and told["username"] == CONFIG["email"], told
    assert look(refresh_token)["active"]
    gone = with_authlib.revoke_token(META["revocation_endpoint"], token=refresh_token)
    assert gone.status_code == 200, gone.text
    assert look(token) == look(refresh_token) == {"active": False}
    assert me(token).status_code == 401


FLOWS = [
    discovery,
    code_with_every_way_to_prove,
    signing_in_on_the_way,
    a_code_works_once,
    the_verifier_counts,
    no_is_no,
    refresh_tokens_rotate_and_are_not_used_twice,
    scopes_are_kept_to,
    client_credentials,
    a_device,
    introspection_and_revocation,
]

if __name__ == "__main__":
    BROWSER = Browser(HOME, CONFIG["token"])
    for flow in FLOWS:
        flow()
        print(f"authlib: {flow.__name__}: ok")
    print(f"authlib: {len(FLOWS)} flows passed")
