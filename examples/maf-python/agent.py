import os
import secrets

import jwt
from agent_framework import Agent, FunctionInvocationContext, tool
from agent_framework.ag_ui import add_agent_framework_fastapi_endpoint
from agent_framework.openai import OpenAIChatCompletionClient
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer


@tool(approval_mode="never_require")
def get_account_data(ctx: FunctionInvocationContext, account_id: str) -> dict:
    """Looks up an account of the signed-in user."""
    return {"account_id": account_id, "user": ctx.session.state.get("auth_user")}


agent = Agent(
    name="support",
    instructions="You answer questions about the user's account. Look it up before you answer.",
    client=OpenAIChatCompletionClient(model=os.environ.get("OPENAI_MODEL", "gpt-4o-mini")),
    tools=[get_account_data],
)

app = FastAPI()

# Without a check, for a network in which only the gateway can reach this server.
add_agent_framework_fastapi_endpoint(app, agent, "/")

# Protected by a secret that only the gateway has.
AUTH_BEARER_TOKEN = os.environ.get("AUTH_BEARER_TOKEN")
bearer = HTTPBearer()


def has_secret(sent: HTTPAuthorizationCredentials = Depends(bearer)) -> None:
    if not AUTH_BEARER_TOKEN or not secrets.compare_digest(sent.credentials.encode(), AUTH_BEARER_TOKEN.encode()):
        raise HTTPException(401, "Unauthorized")


add_agent_framework_fastapi_endpoint(app, agent, "/secret", dependencies=[Depends(has_secret)])

# Protected by the gateway's signature, which also names the user.
GATEWAY_URL = os.environ.get("GATEWAY_URL", "http://127.0.0.1:8787")
ROUTE_ID = os.environ.get("ROUTE_ID", "maf")
gateway_keys = jwt.PyJWKClient(f"{GATEWAY_URL}/.well-known/jwks.json")


def is_signed(sent: HTTPAuthorizationCredentials = Depends(bearer)) -> dict:
    try:
        key = gateway_keys.get_signing_key_from_jwt(sent.credentials)
        return jwt.decode(
            sent.credentials,
            key,
            algorithms=["ES256"],
            audience=ROUTE_ID,
            issuer=GATEWAY_URL,
            options={"require": ["exp", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise HTTPException(401, "Unauthorized") from error


add_agent_framework_fastapi_endpoint(app, agent, "/signed", dependencies=[Depends(is_signed)])
