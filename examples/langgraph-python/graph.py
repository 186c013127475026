"""A graph to try the gateway with. It answers without a model, and names the user that it saw."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import SimpleChatModel
from langchain_core.language_models.chat_models import agenerate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, MessagesState, StateGraph


class State(MessagesState):
    seen: dict[str, Any]
    """The values that this run can read about its user."""


class ScriptedModel(SimpleChatModel):
    """A chat model that needs no vendor: it streams a given text word by word, at a given pace."""

    text: str
    pause: float = 0.04
    silence: float = 0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _call(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> str:
        return self.text

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        await asyncio.sleep(self.silence)
        for word in re.split(r"(?<= )", self.text):
            await asyncio.sleep(self.pause)
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=word))
            if run_manager:
                await run_manager.on_llm_new_token(word, chunk=chunk)
            yield chunk


def seen_identity(config: RunnableConfig) -> dict[str, Any]:
    """Returns the values about the user in the configurable: headers, and those of `auth.py`."""
    configurable = config.get("configurable", {})
    seen = {name: value for name, value in configurable.items() if re.match("x-|user_id|copilotkit_", name)}
    user = configurable.get("langgraph_auth_user")
    if user is not None:
        names = ("identity", "display_name", "email", "permissions", "roles", "idp", "is_authenticated")
        seen["langgraph_auth_user"] = {name: user[name] for name in names if name in user}
    return seen


def reply(message: str, seen: dict[str, Any]) -> ScriptedModel:
    """Counts, or stays silent first, if the message asks for it. Otherwise answers with the user."""
    if count := re.search(r"count to (\d+)", message, re.IGNORECASE):
        return ScriptedModel(text=" ".join(str(n + 1) for n in range(min(int(count[1]), 1000))), pause=0.1)
    if silent := re.search(r"be silent for (\d+) seconds?", message, re.IGNORECASE):
        return ScriptedModel(text=f"I was silent for {silent[1]} seconds.", silence=int(silent[1]))
    who = seen.get("x-user-id") or "whoever you are: no identity reached me"
    return ScriptedModel(text=f"Hello {who}. You said: “{message}”")


async def answer(state: State, config: RunnableConfig) -> dict[str, Any]:
    seen = seen_identity(config)
    last = state["messages"][-1].text if state.get("messages") else ""
    return {"messages": [await reply(str(last), seen).ainvoke(state["messages"], config)], "seen": seen}


graph = (
    StateGraph(State)
    .add_node("answer", answer)
    .add_edge(START, "answer")
    .add_edge("answer", END)
    .compile()
)
