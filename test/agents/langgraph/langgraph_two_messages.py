"""Two messages in a row with LangGraph's Python SDK: reads {url, headers} from stdin, prints the answers."""

import asyncio
import json
import sys

from langgraph_sdk import get_client


def ask(content: str) -> dict:
    return {"messages": [{"role": "user", "content": content}]}


async def last_answer(client, thread: str, content: str, **options) -> str:
    said = ""
    async for part in client.runs.stream(thread, "agent", input=ask(content), stream_mode=["values"], **options):
        if part.event == "values" and part.data.get("messages"):
            said = part.data["messages"][-1]["content"]
    return said


async def main(url: str, headers: dict[str, str]) -> dict:
    client = get_client(url=url, headers=headers, api_key=None)
    thread = (await client.threads.create())["thread_id"]
    first = asyncio.create_task(last_answer(client, thread, "count to 20", on_disconnect="cancel"))
    await asyncio.sleep(0.2)
    second = await last_answer(client, thread, "hello", on_disconnect="cancel", multitask_strategy="enqueue")
    return {"first": await first, "second": second}


given = json.load(sys.stdin)
print(json.dumps(asyncio.run(main(given["url"], given["headers"]))))
