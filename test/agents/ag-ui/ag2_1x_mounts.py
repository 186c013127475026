"""The example's agent with a tool that changes the state, and one that has variables of its own."""

import sys

import uvicorn
from ag2 import Agent, Context, tool
from ag2.ag_ui import AGUIStream
from agent import agent, app


@tool
def get_account_data(ctx: Context, account_id: str) -> dict:
    """Looks up an account of the signed-in user, and counts how often."""
    ctx.variables["lookups"] = ctx.variables.get("lookups", 0) + 1
    return {"account_id": account_id, "user": ctx.variables.get("auth_user")}


async def ask_first(ctx: Context, account_id: str) -> dict:
    await ctx.input("May I look?")
    return {"account_id": account_id, "user": ctx.variables.get("auth_user")}


asking = Agent("asking", config=agent.config, tools=[tool(ask_first, name="get_account_data")])
counting = Agent("counting", config=agent.config, tools=[get_account_data])
own = Agent("own", config=agent.config, tools=[get_account_data], variables={"auth_user": {"user_id": "nobody"}})

app.mount("/counting", AGUIStream(counting).build_asgi())
app.mount("/asking", AGUIStream(asking).build_asgi())
app.mount("/proving", AGUIStream(asking, require_resume_proof=True).build_asgi())
app.mount("/own", AGUIStream(own).build_asgi())
uvicorn.run(app, port=int(sys.argv[1]))
