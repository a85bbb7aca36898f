// openid-client, which nobody here wrote, runs every flow against a running Rollbook.
//
//     node flows.mjs CONFIG
//
// CONFIG is the JSON that run.py writes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as client from 'openid-client';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const home = config.issuer;
const all = 'openid profile email offline_access rollbook';

// --- a browser, as far as Rollbook's pages need one ---

let cookie = '';

async function browse(path, form) {
  const url = new URL(path, home);
  const headers = { cookie, origin: home };
  const options = { headers, redirect: 'manual' };
  if (form) {
    options.method = 'POST';
    options.body = new URLSearchParams(form);
  }
  const answer = await fetch(url, options);
  const set = answer.headers.get('set-cookie');
  if (set) cookie = set.split(';')[0];
  return { status: answer.status, location: answer.headers.get('location'), text: await answer.text() };
}

const entities = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'", '&#x2f;': '/' };
const plain = (text) => text.replace(/&(amp|lt|gt|quot|#x27|#x2f);/g, (it) => entities[it]);

async function press(page, decision) {
  assert.equal(page.status, 200, page.text);
  const action = /<form method="post" action="([^"]*)" class="actions">/.exec(page.text)[1];
  const inputs = page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  const form = Object.fromEntries([...inputs].map(([, name, value]) => [name, plain(value)]));
  return browse(plain(action), { ...form, decision });
}

async function authorize(url, decision = 'allow') {
  let page = await browse(url);
  if (page.status === 200) page = await press(page, decision);
  assert.equal(page.status, 303, page.text);
  return new URL(page.location);
}

// --- the flows ---

const discovered = async (name, how) => {
  const { id, secret } = config.clients[name];
  const proof = secret ? (how ?? client.ClientSecretBasic(secret)) : client.None();
  const execute = [client.allowInsecureRequests];
  return client.discovery(new URL(home), id, undefined, proof, { execute });
};

async function logIn(name, how, scope = all) {
  const at = await discovered(name, how);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(at, {
    redirect_uri: config.redirect_uri,
    scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const ledTo = await authorize(url);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
  const tokens = await client.authorizationCodeGrant(at, ledTo, checks);
  return { at, tokens, ledTo, checks };
}

const refused = (promise, error) => assert.rejects(promise, (it) => it.error === error);

const me = (token) =>
  fetch(new URL('/api/v1/me', home), { headers: { authorization: `Bearer ${token}` } });

const flows = {
  async codeWithEveryWayToProve() {
    const secret = config.clients.web.secret;
    const ways = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
    for (const [name, how] of [['web', ways[0]], ['web', ways[1]], ['app']]) {
      const { at, tokens } = await logIn(name, how);
      const claims = tokens.claims();
      assert.equal(claims.iss, home);
      assert.equal(claims.email, config.email);
      const info = await client.fetchUserInfo(at, tokens.access_token, claims.sub);
      assert.equal(info.email_verified, true);
      assert.equal((await me(tokens.access_token)).status, 200);
    }
  },

  async aCodeWorksOnce() {
    const { at, tokens, ledTo, checks } = await logIn('app');
    await refused(client.authorizationCodeGrant(at, ledTo, checks), 'invalid_grant');
    assert.equal((await me(tokens.access_token)).status, 401);
  },

  async whoeverMixesServersUpIsNoticed() {
    const { at, ledTo, checks } = await logIn('web');
    const mixed = new URL(ledTo);
    mixed.searchParams.set('iss', 'https://evil.example');
    await assert.rejects(client.authorizationCodeGrant(at, mixed, checks));
  },

  async silentlyWhatWasAllowed() {
    const { at } = await logIn('web');
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(at, {
      redirect_uri: config.redirect_uri,
      scope: 'openid',
      prompt: 'none',
      max_age: '3600',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const checks = { pkceCodeVerifier: verifier, maxAge: 3600 };
    const tokens = await client.authorizationCodeGrant(at, await authorize(url), checks);
    assert.equal(typeof tokens.claims().auth_time, 'number');
  },

  async refreshTokensRotateAndAreNotUsedTwice() {
    const { at, tokens } = await logIn('app');
    const second = await client.refreshTokenGrant(at, tokens.refresh_token);
    assert.notEqual(second.refresh_token, tokens.refresh_token);
    assert.equal((await me(second.access_token)).status, 200);
    await refused(client.refreshTokenGrant(at, tokens.refresh_token), 'invalid_grant');
    assert.equal((await me(second.access_token)).status, 401);
    await refused(client.refreshTokenGrant(at, second.refresh_token), 'invalid_grant');
  },

  async clientCredentials() {
    const at = await discovered('robot');
    const tokens = await client.clientCredentialsGrant(at, { scope: 'rollbook:read' });
    assert.equal(tokens.scope, 'rollbook:read');
    const url = new URL(`/api/v1/organizations/${config.organization}`, home);
    const answer = await client.fetchProtectedResource(at, tokens.access_token, url, 'GET');
    assert.equal(answer.status, 200);
    await refused(client.clientCredentialsGrant(at, { scope: 'openid' }), 'invalid_scope');
  },

  async aDevice() {
    const at = await discovered('app');
    const begun = await client.initiateDeviceAuthorization(at, { scope: all });
    const page = await browse(begun.verification_uri_complete);
    assert.ok(page.text.includes(begun.user_code), page.text);
    const asked = await browse('/oauth2/device', { user_code: begun.user_code });
    assert.ok((await press(asked, 'allow')).text.includes('is connected'));
    const tokens = await client.pollDeviceAuthorizationGrant(at, begun);
    assert.equal(tokens.claims().email, config.email);
  },

  async introspectionAndRevocation() {
    const { at, tokens } = await logIn('web');
    const told = await client.tokenIntrospection(at, tokens.access_token);
    assert.equal(told.active, true);
    assert.equal(told.client_id, config.clients.web.id);
    await client.tokenRevocation(at, tokens.access_token);
    assert.deepEqual(await client.tokenIntrospection(at, tokens.access_token), { active: false });
    const next = await client.refreshTokenGrant(at, tokens.refresh_token);
    await client.tokenRevocation(at, next.refresh_token, { token_type_hint: 'refresh_token' });
    assert.equal((await me(next.access_token)).status, 401);
  },
};

const signedIn = await browse('/sign-in', { token: config.token });
assert.equal(signedIn.status, 303, signedIn.text);
for (const [name, flow] of Object.entries(flows)) {
  await flow();
  console.log(`openid-client: ${name}: ok`);
}
console.log(`openid-client: ${Object.keys(flows).length} flows passed`);
