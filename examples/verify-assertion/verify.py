"""Verifies what Vägvisare says of a caller (header Vagvisare-Assertion) with its published keys.

    pip install pyjwt[crypto]
    python verify.py https://GATEWAY API_ID ASSERTION     prints what was signed; exit 1 when it is not to be believed
"""

import json
import sys

import jwt

TYPE = "vagvisare-assertion+jwt"


def verify(issuer, api, assertion, keys):
    """What was signed: client, organisation, agreement, scope, and person with who acts for them (act), if somebody does. Keep `keys` for the life of the process: it fetches again when a new key appears."""
    if jwt.get_unverified_header(assertion).get("typ") != TYPE:
        raise jwt.InvalidTokenError("not an assertion of a gateway")
    return jwt.decode(
        assertion,
        keys.get_signing_key_from_jwt(assertion).key,
        algorithms=["ES256"],
        issuer=issuer,
        audience=api,
        leeway=5,
        options={"require": ["iss", "aud", "iat", "exp"]},
    )


if __name__ == "__main__":
    gateway, api_id, given = sys.argv[1:]
    try:
        print(json.dumps(verify(gateway, api_id, given, jwt.PyJWKClient(f"{gateway}/.well-known/jwks.json"))))
    except (jwt.PyJWTError, ValueError) as error:
        sys.exit(f"not believed: {error}")
