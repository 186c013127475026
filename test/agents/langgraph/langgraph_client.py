"""Uses LangGraph's Python clients as people do. Reads {url, headers} from stdin, prints results."""

import asyncio
import json
import sys
import uuid

from langgraph.pregel.remote import RemoteGraph
from langgraph_sdk import get_client, get_sync_client

ask = {"messages": [{"role": "user", "content": "hello"}]}


def status_of(error: Exception) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


async def refused(call) -> int | None:
    try:
        await call
    except Exception as error:
        return status_of(error)
    return 200


async def main(url: str, headers: dict[str, str]) -> dict:
    client = get_client(url=url, headers=headers, api_key=None)
    anonymous = get_client(url=url, api_key=None)
    thread = (await client.threads.create())["thread_id"]
    parts = [
        part
        async for part in client.runs.stream(thread, "agent", input=ask, stream_mode=["values", "messages-tuple"])
    ]
    waited = await client.runs.wait(thread, "agent", input=ask)
    stateless = await client.runs.wait(None, "agent", input=ask)
    run = await client.runs.create(thread, "agent", input=ask)
    joined = await client.runs.join(thread, run["run_id"])
    state = await client.threads.get_state(thread)
    found = await client.assistants.search(graph_id="agent")
    sync = get_sync_client(url=url, headers=headers, api_key=None)
    synchronous = await asyncio.to_thread(lambda: sync.runs.wait(None, "agent", input=ask))

    remote = RemoteGraph("agent", url=url, headers=headers, api_key=None)
    config = {"configurable": {"thread_id": thread}}
    invoked = await remote.ainvoke(ask, config)
    streamed = [chunk async for chunk in remote.astream(ask, config, stream_mode="values")]
    # LangGraph's JavaScript server answers 400 to this one, with or without a gateway in between.
    try:
        remote_state = (await remote.aget_state(config)).values["seen"]
    except Exception as error:
        remote_state = status_of(error)
    drawn = await remote.aget_graph()

    return {
        "events": [part.event for part in parts],
        "seen": [
            parts[-1].data["seen"] if parts[-1].event == "values" else None,
            waited["seen"],
            stateless["seen"],
            joined["seen"],
            state["values"]["seen"],
            synchronous["seen"],
            invoked["seen"],
            streamed[-1]["seen"],
        ],
        "remote_state": remote_state,
        "assistants": len(found),
        "nodes": sorted(drawn.nodes),
        "refused": {
            "without a token": await refused(anonymous.threads.create()),
            "a run without a token": await refused(anonymous.runs.wait(None, "agent", input=ask)),
            "an assistant of one's own": await refused(client.assistants.create("agent", config=config)),
            "a thread that is not there": await refused(client.threads.get(str(uuid.uuid4()))),
            "the store": await refused(client.store.put_item(["notes"], "a", {"b": 1})),
        },
    }


print(json.dumps(asyncio.run(main(**json.load(sys.stdin)))))
