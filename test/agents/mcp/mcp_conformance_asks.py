"""Tools of the conformance server that ask the client in the middle of a call: revisions up to 2025-11-25."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import SamplingMessage, TextContent
from pydantic import BaseModel, Field


def with_schema(**schema: Any) -> Any:
    return Field(json_schema_extra=schema)


def choices(*values: str) -> list[dict[str, str]]:
    return [{"const": value, "title": value.title()} for value in values]


class Response(BaseModel):
    response: str


class Defaults(BaseModel):
    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Annotated[str, with_schema(enum=["active", "inactive", "pending"])] = "active"
    verified: bool = True


class Enums(BaseModel):
    untitledSingle: Annotated[str, with_schema(enum=["option1", "option2", "option3"])]
    titledSingle: Annotated[str, with_schema(oneOf=choices("value1", "value2", "value3"))]
    untitledMulti: Annotated[list[str], with_schema(items={"type": "string", "enum": ["option1", "option2"]})]
    titledMulti: Annotated[list[str], with_schema(items={"anyOf": choices("value1", "value2")})]
    legacyEnum: Annotated[str, with_schema(enum=["opt1", "opt2"], enumNames=["Option One", "Option Two"])]


async def answer(ctx: Context, message: str, schema: type[BaseModel]) -> str:
    result = await ctx.elicit(message=message, schema=schema)
    content = result.data.model_dump_json() if result.action == "accept" else "{}"
    return f"action={result.action}, content={content}"


def add_asking_tools(server: MCPServer) -> None:
    tool = server.tool(description="Asks the client.")

    @tool
    async def test_sampling(prompt: str, ctx: Context) -> str:
        # Without the request's id the question goes to the listening stream, and is lost where none is open.
        result = await ctx.session.create_message(
            messages=[SamplingMessage(role="user", content=TextContent(type="text", text=prompt))],
            max_tokens=100,
            related_request_id=ctx.request_id,
        )
        return f"LLM response: {result.content.text}"

    @tool
    async def test_elicitation(message: str, ctx: Context) -> str:
        return f"User response: {await answer(ctx, message, Response)}"

    @tool
    async def test_elicitation_sep1034_defaults(ctx: Context) -> str:
        return f"Elicitation result: {await answer(ctx, 'Please provide user information', Defaults)}"

    @tool
    async def test_elicitation_sep1330_enums(ctx: Context) -> str:
        return f"Elicitation completed: {await answer(ctx, 'Please select values', Enums)}"
