"""Tools of the conformance server that are called in several rounds, with a state in between: revision 2026-07-28."""

import json
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)


def asked(member: str, kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {member: {"type": kind}}, "required": [member]}
    return ElicitRequest(params=ElicitRequestFormParams(message=f"What is your {member}?", requested_schema=schema))


def sampled(text: str) -> CreateMessageRequest:
    messages = [SamplingMessage(role="user", content=TextContent(type="text", text=text))]
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=messages, max_tokens=100))


def needs(state: str | None = None, **requests: Any) -> InputRequiredResult:
    return InputRequiredResult(input_requests=requests, request_state=state)


def given(ctx: Context, name: str, member: str) -> object:
    content = getattr((ctx.input_responses or {}).get(name), "content", None)
    return content.get(member) if isinstance(content, dict) else None


def add_rounds(server: MCPServer) -> None:
    tool = server.tool(description="Needs input.")

    @tool
    async def test_input_required_result_elicitation(ctx: Context) -> str | InputRequiredResult:
        name = given(ctx, "user_name", "name")
        return f"Hello, {name}!" if name else needs(user_name=asked("name"))

    @tool
    async def test_input_required_result_sampling(ctx: Context) -> str | InputRequiredResult:
        said = (ctx.input_responses or {}).get("capital_question")
        return f"Model said: {said.content.text}" if said else needs(capital_question=sampled("What is the capital?"))

    @tool
    async def test_input_required_result_list_roots(ctx: Context) -> str | InputRequiredResult:
        roots = (ctx.input_responses or {}).get("client_roots")
        return f"Client exposed {len(roots.roots)} root(s)." if roots else needs(client_roots=ListRootsRequest())

    @tool
    async def test_input_required_result_request_state(ctx: Context) -> str | InputRequiredResult:
        if "confirm" in (ctx.input_responses or {}) and ctx.request_state == "nonce":
            return "state-ok: confirmation received"
        return needs("nonce", confirm=asked("ok", "boolean"))

    @tool
    async def test_input_required_result_multiple_inputs(ctx: Context) -> str | InputRequiredResult:
        if {"user_name", "greeting", "client_roots"} <= (ctx.input_responses or {}).keys():
            return "All inputs received."
        return needs("several", user_name=asked("name"), greeting=sampled("Greet"), client_roots=ListRootsRequest())

    @tool
    async def test_input_required_result_multi_round(ctx: Context) -> str | InputRequiredResult:
        state = json.loads(ctx.request_state or '{"round": 0}')
        if state["round"] == 1 and (name := given(ctx, "step1", "name")):
            return needs(json.dumps({"round": 2, "name": name}), step2=asked("color"))
        if state["round"] == 2 and (color := given(ctx, "step2", "color")):
            return f"{state['name']} likes {color}."
        return needs(json.dumps({"round": 1}), step1=asked("name"))

    @tool
    async def test_input_required_result_tampered_state(ctx: Context) -> str | InputRequiredResult:
        # The SDK refuses a state that was changed before the tool is called.
        return f"state-ok: {ctx.request_state}" if ctx.request_state else needs("round-1", confirm=asked("ok", "boolean"))

    @tool
    async def test_input_required_result_capabilities(ctx: Context) -> InputRequiredResult:
        can = ctx.client_capabilities
        sample = {"sample": sampled("Say hello")} if can is None or can.sampling else {}
        ask = {"ask": asked("name")} if can is None or can.elicitation else {}
        return needs("by-capability", **sample, **ask)

    @server.prompt(description="Needs input.")
    async def test_input_required_result_prompt(ctx: Context) -> list[UserMessage] | InputRequiredResult:
        context = given(ctx, "user_context", "context")
        return [UserMessage(f"Use the following context: {context}")] if context else needs(user_context=asked("context"))
