"""How LangGraph's Python client reports refusals.

It reads [[code, url, headers], …] from stdin and prints JSON.
With the argument `streams` it prints the parts of each stream instead.
"""

import asyncio
import json
import sys
import uuid

from langgraph_sdk import get_client


async def failure(work) -> dict | None:
    try:
        await work
    except Exception as error:
        return {
            "error": type(error).__name__,
            "status": error.status_code,
            "code": error.code,
            "message": error.message,
            "body": error.body,
            "request_id": error.request_id,
            "retry_after": error.response.headers.get("retry-after"),
        }


async def streamed(client) -> list:
    return [[part.event, part.data] async for part in client.runs.stream(None, "agent", input={})]


async def events(cases: list) -> list:
    return [
        [name, await streamed(get_client(url=url, headers=headers, api_key=None))] for name, url, headers in cases
    ]


async def main(cases: list) -> list:
    told = []
    for code, url, headers in cases:
        client = get_client(url=url, headers=headers, api_key=None)
        for call in (client.threads.get(str(uuid.uuid4())), client.threads.create(), streamed(client)):
            told.append([code, await failure(call)])
    return told


work = events if sys.argv[1:] == ["streams"] else main
print(json.dumps(asyncio.run(work(json.load(sys.stdin)))))
