"""Lets in only what comes through Sallyport, and gives every thread to the user who made it.

Two variables say whom to believe: SALLYPORT_URL, the gateway's PUBLIC_URL, and SALLYPORT_AUDIENCE, the id of the route
that leads here. Without them the server does not start.
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

# Keeps the gateway's public keys for five minutes, and asks again when it sees a key that it does not know.
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
        # The keys are fetched with blocking calls, which would hold up every other request.
        claims = await asyncio.to_thread(verify, assertion)
    except jwt.PyJWKClientConnectionError as error:
        raise Auth.exceptions.HTTPException(status_code=403, detail="The gateway's keys are out of reach.") from error
    except jwt.PyJWTError as error:
        raise Auth.exceptions.HTTPException(status_code=401, detail="Not an assertion of the gateway.") from error
    if not claims["sub"]:
        raise Auth.exceptions.HTTPException(status_code=401, detail="The assertion names nobody.")

    # `sub` is unique on a route: where several identity providers are trusted, the gateway insists on a prefix for all but
    # one. `idp` says which of them it was. The assertion itself is left out: what stands here is stored with every run.
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
    """Whatever is not named below is refused: changing assistants, crons, the store, and what later versions add."""
    return False


@auth.on.assistants(actions=["read", "search"])
async def everybody_reads_assistants(ctx: Auth.types.AuthContext, value: Any) -> bool:
    return True


@auth.on.threads
async def owner_only(ctx: Auth.types.AuthContext, value: Any) -> Auth.types.FilterType:
    """Threads and their runs: new ones are stamped with their owner, and only the owner finds them."""
    owner = {"owner": ctx.user.identity}
    if ctx.action in ("create", "create_run", "update"):
        # Also on update, or a thread could be given to somebody else. The object is the server's: it is changed, not replaced.
        metadata = value.get("metadata")
        if metadata is None:
            value["metadata"] = owner.copy()
        else:
            metadata.update(owner)
    return owner
