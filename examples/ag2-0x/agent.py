import os

from autogen import ConversableAgent, LLMConfig
from autogen.ag_ui import AGUIStream, RunAgentInput
from autogen.agentchat import ContextVariables
from fastapi import FastAPI, Header
from fastapi.responses import StreamingResponse

agent = ConversableAgent(
    name="support",
    system_message="You answer questions about the user's account. Look it up before you answer.",
    llm_config=LLMConfig({"model": os.environ.get("OPENAI_MODEL", "gpt-4o-mini"), "stream": True}),
    human_input_mode="NEVER",
)


@agent.register_for_llm(description="Looks up an account of the signed-in user.")
def get_account_data(account_id: str, context_variables: ContextVariables) -> dict:
    return {"account_id": account_id, "user": context_variables.get("auth_user")}


stream = AGUIStream(agent)
app = FastAPI()


@app.post("/chat")
async def chat(message: RunAgentInput, accept: str | None = Header(None)) -> StreamingResponse:
    return StreamingResponse(stream.dispatch(message, accept=accept), media_type="text/event-stream")
