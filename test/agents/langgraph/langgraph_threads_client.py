"""Uses LangGraph's Python SDK as an owner does. Reads {url, headers} from stdin, prints results."""

import asyncio
import json
import sys
import uuid

from langgraph_sdk import get_client

ask = {"messages": [{"role": "user", "content": "hi"}]}


def texts(state: dict) -> int:
    return len(state["messages"])


async def main(url: str, headers: dict[str, str]) -> dict:
    client = get_client(url=url, headers=headers, api_key=None)
    threads, runs, store, crons = client.threads, client.runs, client.store, client.crons
    mark = {"mark": str(uuid.uuid4())}

    chosen = str(uuid.uuid4())
    thread = (await threads.create(thread_id=chosen, metadata=mark))["thread_id"]
    again = (await threads.create(thread_id=chosen, if_exists="do_nothing"))["thread_id"]
    stepped = await threads.create(
        graph_id="agent",
        metadata=mark,
        supersteps=[{"updates": [{"values": ask, "as_node": "answer"}]}],
    )
    waited = await runs.wait(thread, "agent", input=ask)
    streamed = [part.event async for part in runs.stream(thread, "agent", input=ask, stream_mode="values")]
    run = await runs.create(thread, "agent", input=ask, stream_resumable=True)
    joined = await runs.join(thread, run["run_id"])
    replayed = [part.event async for part in runs.join_stream(thread, run["run_id"], last_event_id="-1")]
    stopped = await runs.create(thread, "agent", input={"messages": [{"role": "user", "content": "be silent for 60 seconds"}]})
    await runs.cancel(thread, stopped["run_id"], wait=True)
    listed = [each["status"] for each in await runs.list(thread)]
    await runs.delete(thread, stopped["run_id"])

    state = await threads.get_state(thread)
    earlier = await threads.get_state(thread, checkpoint_id=state["parent_checkpoint"]["checkpoint_id"])
    history = await threads.get_history(thread, limit=3)
    before = await threads.get_history(thread, limit=3, before={"configurable": history[0]["checkpoint"]})
    await threads.update_state(thread, ask, as_node="answer")
    await threads.update(thread, metadata={"colour": "red"})
    copied = await threads.copy(thread)
    found = await threads.search(metadata=mark)
    counted = await threads.count(metadata=mark)

    stateless = await runs.wait(None, "agent", input=ask)
    batch = await runs.create_batch([{"assistant_id": "agent", "input": ask}, {"assistant_id": "agent", "input": ask}])
    made = str(uuid.uuid4())
    await runs.wait(made, "agent", input=ask, if_not_exists="create")

    root = f"notes-{uuid.uuid4()}"
    for key in ["a", "b", "c"]:
        await store.put_item([root, key], key, {"is": key})
    item = await store.get_item([root, "a"], "a")
    pages = [
        [each["key"] for each in (await store.search_items([root], limit=2, offset=offset))["items"]]
        for offset in (0, 2)
    ]
    namespaces = [
        (await store.list_namespaces(prefix=[root], limit=2, offset=offset))["namespaces"] for offset in (0, 2)
    ]
    shallow = (await store.list_namespaces(prefix=[root], max_depth=1))["namespaces"]
    await store.delete_item([root, "a"], "a")
    left = sorted(each["key"] for each in (await store.search_items([root]))["items"])

    cron = await crons.create("agent", schedule="0 0 1 1 *", input=ask, metadata=mark)
    own = await crons.search(limit=10)
    await crons.delete(cron["cron_id"])
    gone = await crons.search(limit=10)

    await threads.delete(copied["thread_id"])
    return {
        "chosen": thread == chosen == again,
        "stepped": texts((await threads.get_state(stepped["thread_id"]))["values"]),
        "messages": [texts(waited), texts(joined), texts(state["values"]), texts(stateless)],
        "events": [streamed[0], streamed[-1], replayed[0], replayed[-1]],
        "statuses": sorted(listed),
        "history": [earlier["checkpoint"]["checkpoint_id"] == state["parent_checkpoint"]["checkpoint_id"], len(history), len(before)],
        "changed": [texts((await threads.get_state(thread))["values"]), (await threads.get(thread))["metadata"]["colour"]],
        "found": [len(found), counted],
        "batch": len(batch),
        "made": (await threads.get(made))["thread_id"] == made,
        "item": [item["namespace"] == [root, "a"], item["value"]],
        "pages": sorted(sum(pages, [])),
        "namespaces": [len(page) for page in namespaces] + [sorted(each[1] for page in namespaces for each in page)],
        "shallow": shallow == [[root]],
        "left": left,
        "crons": [cron["cron_id"] in [each["cron_id"] for each in own], len(gone)],
        "thread": thread,
    }


print(json.dumps(asyncio.run(main(**json.load(sys.stdin)))))
