"""Authlib against the token service: private_key_jwt, PKCE, refresh, introspection, revocation.

Prints the address that a person's browser is sent to, and reads where it came back to.

    python authlib_client.py GATEWAY CLIENT KEY_FILE OWN_RESOURCE PERSON_RESOURCE REDIRECT_URI
"""

import os
import sys
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

gateway, client_id, key_file, own_resource, resource, redirect_uri = sys.argv[1:]
with open(key_file, encoding="ascii") as file:
    key = ECKey.import_key(file.read())
kid = key.thumbprint()


class ShortLived(PrivateKeyJWT):
    """Authlib's assertions live for an hour, by default; the service takes none that lives longer than five minutes."""

    def sign(self, auth, token_endpoint):
        self.claims = {"exp": int(time.time()) + 60}
        return super().sign(auth, token_endpoint)


def session(**more):
    method = "private_key_jwt"
    one = OAuth2Session(client_id, key, token_endpoint_auth_method=method, revocation_endpoint_auth_method=method, **more)
    # The issuer is the only audience that is taken.
    one.register_client_auth_method(ShortLived(gateway, headers={"kid": kid}, alg="ES256"))
    return one


def refused(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except OAuthError as failure:
        assert failure.error == error, failure
    else:
        raise AssertionError(f"not refused: {error}")


metadata = session().get(f"{gateway}/.well-known/oauth-authorization-server", withhold_token=True).json()
token_endpoint = metadata["token_endpoint"]

own = session()
token = own.fetch_token(token_endpoint, grant_type="client_credentials", resource=own_resource)
assert token["token_type"] == "Bearer" and token["expires_in"] <= 300, token
told = own.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
assert told["active"] and told["client_id"] == client_id, told
assert own.revoke_token(metadata["revocation_endpoint"], token=token["access_token"]).status_code == 200
told = own.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
assert told == {"active": False}, told

verifier = generate_token(48)
person = session(scope="cases.read", redirect_uri=redirect_uri, code_challenge_method="S256")
address, state = person.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, resource=resource
)
print(address, flush=True)
back = sys.stdin.readline().strip()
token = person.fetch_token(token_endpoint, authorization_response=back, state=state, code_verifier=verifier)
refused("invalid_grant", session(redirect_uri=redirect_uri).fetch_token, token_endpoint,
        authorization_response=back, state=state, code_verifier=verifier)
# The code was shown again: what came of it has ended.
assert person.get(f"{gateway}/case-status/v1/cases").status_code == 401

address, state = person.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, resource=resource
)
print(address, flush=True)
back = sys.stdin.readline().strip()
person.fetch_token(token_endpoint, authorization_response=back, state=state, code_verifier=verifier)
cases = person.get(f"{gateway}/case-status/v1/cases")
assert cases.status_code == 200 and len(cases.json()["cases"]) >= 5, cases.text
before = person.token["access_token"]
person.refresh_token(token_endpoint, refresh_token=person.token["refresh_token"])
assert person.token["access_token"] != before
assert person.get(f"{gateway}/case-status/v1/cases").status_code == 200
revoked = person.revoke_token(
    metadata["revocation_endpoint"], token=person.token["refresh_token"], token_type_hint="refresh_token"
)
assert revoked.status_code == 200, revoked.text
assert person.get(f"{gateway}/case-status/v1/cases").status_code == 401
print("done", flush=True)
