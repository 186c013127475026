import os

from ag2 import Agent, Context, tool
from ag2.ag_ui import AGUIStream
from ag2.config import OpenAIConfig
from fastapi import FastAPI


@tool
def get_account_data(ctx: Context, account_id: str) -> dict:
    """Looks up an account of the signed-in user."""
    return {"account_id": account_id, "user": ctx.variables.get("auth_user")}


agent = Agent(
    "support",
    prompt="You answer questions about the user's account. Look it up before you answer.",
    config=OpenAIConfig(model=os.environ.get("OPENAI_MODEL", "gpt-4o-mini"), streaming=True),
    tools=[get_account_data],
)

app = FastAPI()
app.mount("/chat", AGUIStream(agent).build_asgi())
