"""How the MCP SDK's Python client reports refusals.

It reads [[name, url, headers, mode], …] from stdin and prints JSON.
"""

import asyncio
import json
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


def told(error: BaseException, at: str) -> dict:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    rpc = error.error
    return {"at": at, "error": type(error).__name__, "code": rpc.code, "message": rpc.message, "data": rpc.data}


async def failure(url: str, headers: dict[str, str], mode: str) -> dict | None:
    """The error of the handshake, or of a call after it."""
    try:
        async with httpx2.AsyncClient(headers=headers, timeout=10) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                try:
                    await client.call_tool("search", {"words": "sally"})
                except Exception as error:
                    return told(error, "call")
    except Exception as error:
        return told(error, "connect")


async def main(cases: list) -> list:
    return [[name, await failure(url, headers, mode)] for name, url, headers, mode in cases]


print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
