"""The example's agent with a schema for its state."""

import sys

import uvicorn
from agent import agent, app
from agent_framework.ag_ui import add_agent_framework_fastapi_endpoint

schema = {"theme": {"type": "string"}}
add_agent_framework_fastapi_endpoint(app, agent, "/schema", state_schema=schema)
uvicorn.run(app, port=int(sys.argv[1]))
