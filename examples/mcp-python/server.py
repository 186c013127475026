"""An MCP server of notes, like the SDK's quickstart. It has no code for tokens."""

import asyncio

from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("notes")


@server.tool()
def search(words: str) -> str:
    """Finds notes."""
    return f"found {words}"


@server.tool()
def erase() -> str:
    """Erases all notes."""
    return "erased"


@server.tool()
async def slow(ctx: Context, steps: int = 3) -> str:
    """Reports its progress after each step."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps)
        await asyncio.sleep(0.05)
    return "done"


@server.resource("notes://today")
def today() -> str:
    """Today's note."""
    return "buy milk"


app = server.streamable_http_app(streamable_http_path="/")
