"""The example's agent with a schema for its state, with a memory that everybody shares, and with a tool that asks first."""

import sys

import uvicorn
from agent import agent, app
from agent_framework import Agent, tool
from agent_framework.ag_ui import InMemoryAGUIThreadSnapshotStore, add_agent_framework_fastapi_endpoint

schema = {"theme": {"type": "string"}}
add_agent_framework_fastapi_endpoint(app, agent, "/schema", state_schema=schema)


def remember(path, remembering) -> None:
    add_agent_framework_fastapi_endpoint(
        app,
        remembering,
        path,
        snapshot_store=InMemoryAGUIThreadSnapshotStore(),
        snapshot_scope_resolver=lambda request: "everybody",
    )


@tool(name="get_account_data", approval_mode="always_require")
def ask_first(account_id: str) -> str:
    """Looks up an account."""
    return f"approved {account_id}"


remember("/remembering", agent)
remember("/approving", Agent(name="approving", client=agent.client, tools=[ask_first]))
uvicorn.run(app, port=int(sys.argv[1]))
