"""The MCP SDK's own client: what a person gets of a server, as JSON. Arguments: URL, mode, token."""

import asyncio
import json
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main(url: str, mode: str, token: str) -> None:
    told: dict[str, object] = {}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(headers=headers, timeout=10) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            told["revision"] = client.protocol_version
            told["tools"] = [tool.name for tool in (await client.list_tools()).tools]
            progress: list[float] = []

            async def on_progress(done: float, total: float | None, message: str | None) -> None:
                progress.append(done)

            for name, arguments in (("search", {"words": "sally"}), ("slow", {}), ("erase", {})):
                try:
                    result = await client.call_tool(name, arguments, progress_callback=on_progress)
                    told[name] = result.content[0].text
                except Exception as error:
                    told[name] = f"refused: {error}"
            told["progress"] = progress
            told["note"] = (await client.read_resource("notes://today")).contents[0].text
    print(json.dumps(told))


try:
    asyncio.run(main(*sys.argv[1:4]))
except BaseException as error:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    print(json.dumps({"failed": f"{type(error).__name__}: {error}"}))
