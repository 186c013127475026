"""Accepts only requests that come through Sallyport, and gives every thread to its creator.

Two variables name the trusted gateway: SALLYPORT_URL is its PUBLIC_URL, and SALLYPORT_AUDIENCE is
the id of the route to this server. Without them the server does not start.
"""

import asyncio
import os
from typing import Any

import jwt
from langgraph_sdk import Auth

ISSUER = os.environ["SALLYPORT_URL"].rstrip("/")
AUDIENCE = os.environ["SALLYPORT_AUDIENCE"]
if not ISSUER or not AUDIENCE:
    raise RuntimeError("SALLYPORT_URL and SALLYPORT_AUDIENCE must not be empty.")

# Caches the gateway's public keys for five minutes, and fetches them again when it sees an unknown
# key.
keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json", timeout=5)

auth = Auth()


def verify(assertion: str) -> dict[str, Any]:
    return jwt.decode(
        assertion,
        keys.get_signing_key_from_jwt(assertion).key,
        algorithms=["ES256"],
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=5,
        options={"require": ["exp", "iat", "sub"]},
    )


@auth.authenticate
async def authenticate(authorization: str | None) -> Auth.types.MinimalUserDict:
    scheme, _, assertion = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Auth.exceptions.HTTPException(status_code=401, detail="This server is reached through its gateway.")
    try:
        # The keys are fetched with blocking calls, which would otherwise delay every other request.
        claims = await asyncio.to_thread(verify, assertion)
    except jwt.PyJWKClientConnectionError as error:
        raise Auth.exceptions.HTTPException(status_code=403, detail="The gateway's keys are out of reach.") from error
    except jwt.PyJWTError as error:
        raise Auth.exceptions.HTTPException(status_code=401, detail="Not an assertion of the gateway.") from error
    if not claims["sub"]:
        raise Auth.exceptions.HTTPException(status_code=401, detail="The assertion names nobody.")

    # `sub` is unique on a route: if it trusts several identity providers, the gateway requires a
    # prefix for all but one. `idp` names the identity provider. The assertion itself is left out,
    # because this object is stored with every run.
    return {
        "identity": claims["sub"],
        "display_name": claims.get("name", claims["sub"]),
        "email": claims.get("email"),
        "permissions": claims.get("scope", "").split(),
        "roles": claims.get("roles", []),
        "tenant": claims.get("tenant"),
        "idp": claims.get("idp"),
        "is_authenticated": True,
    }


@auth.on
async def nothing_else(ctx: Auth.types.AuthContext, value: Any) -> bool:
    """Refuses all other operations: changes of assistants, crons, the store, and operations that later
    versions add."""
    return False


@auth.on.assistants(actions=["read", "search"])
async def everybody_reads_assistants(ctx: Auth.types.AuthContext, value: Any) -> bool:
    return True


@auth.on.threads
async def owner_only(ctx: Auth.types.AuthContext, value: Any) -> Auth.types.FilterType:
    """Marks new threads and runs with their owner, and lets only the owner find them."""
    owner = {"owner": ctx.user.identity}
    if ctx.action in ("create", "create_run", "update"):
        # Also on update, because otherwise a user could give a thread to another user. The server
        # keeps this object, so the handler changes the object and does not replace it.
        metadata = value.get("metadata")
        if metadata is None:
            value["metadata"] = owner.copy()
        else:
            metadata.update(owner)
    return owner
