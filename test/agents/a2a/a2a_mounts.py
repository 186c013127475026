"""An agent with the example's card that asks back, remembers contexts, reads the tasks it is referred to, and calls addresses."""

import sys

import uvicorn
from a2a.helpers import get_message_text, new_task_from_user_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext, SimpleRequestContextBuilder
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryPushNotificationConfigStore, InMemoryTaskStore, TaskUpdater
from agent import card
from starlette.applications import Starlette

said: dict[str, list[str]] = {}


class Remembering(AgentExecutor):
    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        task = context.current_task or new_task_from_user_message(context.message)
        if not context.current_task:
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        words = said.setdefault(task.context_id, [])
        words.append(get_message_text(context.message))
        if words[-1].startswith("ask"):
            await updater.requires_input()
            return
        related = [str(each) for each in context.related_tasks]
        await updater.add_artifact([new_text_part(f"heard {words}, related {related}")], name="answer")
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


card.capabilities.push_notifications = True
tasks = InMemoryTaskStore()
handler = DefaultRequestHandler(
    agent_executor=Remembering(),
    task_store=tasks,
    agent_card=card,
    push_config_store=InMemoryPushNotificationConfigStore(),
    request_context_builder=SimpleRequestContextBuilder(should_populate_referred_tasks=True, task_store=tasks),
)
app = Starlette(
    routes=[
        *create_jsonrpc_routes(handler, "/", enable_v0_3_compat=True),
        *create_rest_routes(handler, enable_v0_3_compat=True),
    ]
)
uvicorn.run(app, port=int(sys.argv[1]))
