"""An MCP server whose streams can be resumed, as the SDK's example writes one: one store has the events of all sessions."""

from uuid import uuid4

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventMessage, EventStore


class InMemoryEventStore(EventStore):
    def __init__(self) -> None:
        self.events: list[tuple[str, str, object]] = []

    async def store_event(self, stream_id, message):
        event_id = str(uuid4())
        self.events.append((event_id, stream_id, message))
        return event_id

    async def replay_events_after(self, last_event_id, send_callback):
        place = next((n for n, (event_id, *_) in enumerate(self.events) if event_id == last_event_id), None)
        if place is None:
            return None
        stream = self.events[place][1]
        for event_id, stream_id, message in self.events[place + 1 :]:
            if stream_id == stream and message is not None:
                await send_callback(EventMessage(message, event_id))
        return stream


server = MCPServer("notes")


@server.tool()
async def search(words: str, ctx: Context) -> str:
    """Finds notes, and says on the session's own stream that it did."""
    await ctx.session.send_resource_updated(f"notes://{words}")
    return f"found {words}"


app = server.streamable_http_app(streamable_http_path="/", event_store=InMemoryEventStore())
