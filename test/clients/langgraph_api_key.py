"""LangGraph's Python client, with an API key of the gateway in each way that it has.

It takes no `x-api-key` among its headers: `api_key` is the way to set that.

It reads {"url", "key", "other"} from stdin and prints who the graph says is asking, for each way.
"""

import asyncio
import json
import sys

from langgraph_sdk import get_client


async def who(client) -> str:
    thread = await client.threads.create()
    result = await client.runs.wait(thread["thread_id"], "agent", input={"messages": [{"role": "user", "content": "who am I"}]})
    return json.dumps(result)


async def main(given: dict) -> dict:
    url, key, other = given["url"], given["key"], given["other"]
    return {
        "api_key": await who(get_client(url=url, api_key=key)),
        "bearer": await who(get_client(url=url, api_key=None, headers={"Authorization": f"Bearer {key}"})),
        "bearer beside another api_key": await who(
            get_client(url=url, api_key=other, headers={"Authorization": f"Bearer {key}"})
        ),
    }


print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
