// openid-client (a certified relying party) against the token service: discovery, private_key_jwt, PAR, PKCE, DPoP, refresh,
// introspection, revocation. Prints the address that a person's browser is sent to, and reads where it came back to.
//
//   node openid_client.mjs MODULES GATEWAY CLIENT KEY_FILE OWN_RESOURCE PERSON_RESOURCE REDIRECT_URI
import { webcrypto, createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { strict as assert } from "node:assert";

const [modules, gateway, clientId, keyFile, ownResource, resource, redirect_uri] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(modules, file)));
const oauth = await load("openid-client/build/index.js");
const { calculateJwkThumbprint } = await load("jose/dist/webapi/index.js");

const pem = createPrivateKey(readFileSync(keyFile));
const key = await webcrypto.subtle.importKey("pkcs8", pem.export({ type: "pkcs8", format: "der" }),
  { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const kid = await calculateJwkThumbprint(createPublicKey(pem).export({ format: "jwk" }));
const config = await oauth.discovery(new URL(gateway), clientId, undefined, oauth.PrivateKeyJwt({ key, kid }),
  { algorithm: "oauth2", execute: [oauth.allowInsecureRequests] });
const refused = async (promise, error) => {
  const failure = await promise.then(() => undefined, (failure) => failure);
  assert.equal(failure?.error, error, String(failure));
};

// The application for itself.
const own = await oauth.clientCredentialsGrant(config, { resource: ownResource });
assert.equal(own.token_type, "bearer");
await refused(oauth.clientCredentialsGrant(config, { resource: "https://nowhere.example/" }), "invalid_target");

// For a person: what is asked is pushed, and everything is bound to a key.
const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair("ES256"));
const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
const state = oauth.randomState();
const address = await oauth.buildAuthorizationUrlWithPAR(config, {
  redirect_uri, resource, scope: "cases.read", state,
  code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: "S256",
}, { DPoP });
assert.deepEqual([...address.searchParams.keys()].sort(), ["client_id", "request_uri"]);
console.log(address.href);
const [back] = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", (line) => resolve([line])));
const checks = { pkceCodeVerifier, expectedState: state };
await refused(oauth.authorizationCodeGrant(config, new URL(back), checks), "invalid_dpop_proof");
const tokens = await oauth.authorizationCodeGrant(config, new URL(back), checks, undefined, { DPoP });
assert.equal(tokens.token_type, "dpop");

const cases = async (token, options) => {
  try {
    return await oauth.fetchProtectedResource(config, token, new URL(`${gateway}/case-status/v1/cases`), "GET", null, undefined, options);
  } catch (failure) {
    return failure.cause?.[0] ? { status: failure.status, challenge: failure.cause[0] } : Promise.reject(failure);
  }
};
const answer = await cases(tokens.access_token, { DPoP });
assert.equal(answer.status, 200);
assert.ok((await answer.json()).cases.length >= 5);
assert.equal((await cases(tokens.access_token)).status, 401, "a stolen token is worth nothing without its key");

const told = await oauth.tokenIntrospection(config, tokens.access_token);
assert.ok(told.active && told.cnf.jkt && told.client_id === clientId);

// Each refresh token is used once; the second use ends what came of it.
const next = await oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
assert.equal((await cases(next.access_token, { DPoP })).status, 200);
await refused(oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }), "invalid_grant");
await refused(oauth.refreshTokenGrant(config, next.refresh_token, undefined, { DPoP }), "invalid_grant");
assert.equal((await cases(next.access_token, { DPoP })).status, 401);

await oauth.tokenRevocation(config, own.access_token);
assert.equal((await oauth.tokenIntrospection(config, own.access_token)).active, false);
console.log("done");
process.exit(0);
