"""The example's agent as `build_asgi()` serves it, and one whose tool calls its context by another name."""

import sys

import uvicorn
from agent import agent, app, stream
from autogen import ConversableAgent
from autogen.ag_ui import AGUIStream
from autogen.agentchat import ContextVariables

renamed = ConversableAgent(name="renamed", llm_config=agent.llm_config, human_input_mode="NEVER")


@renamed.register_for_llm(description="Looks up an account of the signed-in user.")
def get_account_data(account_id: str, context: ContextVariables) -> dict:
    return {"account_id": account_id, "user": context.get("auth_user")}


app.mount("/asgi", stream.build_asgi())
app.mount("/renamed", AGUIStream(renamed).build_asgi())
uvicorn.run(app, port=int(sys.argv[1]))
