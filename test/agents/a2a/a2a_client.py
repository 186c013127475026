"""The A2A SDK's own client: what a person gets of an agent, as JSON. Arguments: URL, binding, version, token."""

import asyncio
import json
import sys

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.helpers import new_text_message
from a2a.types import Role, SendMessageRequest
from google.protobuf.json_format import MessageToDict


async def main(url: str, binding: str, version: str, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(headers=headers, timeout=10) as http:
        card = await A2ACardResolver(http, url).get_agent_card()
        addresses = sorted({each.url for each in card.supported_interfaces})
        chosen = [
            each
            for each in card.supported_interfaces
            if each.protocol_binding == binding and each.protocol_version == version
        ]
        del card.supported_interfaces[:]
        card.supported_interfaces.extend(chosen)
        config = ClientConfig(httpx_client=http, supported_protocol_bindings=[binding])
        client = ClientFactory(config).create(card)
        request = SendMessageRequest(message=new_text_message("hello", role=Role.ROLE_USER))
        events, said = [], ""
        async for event in client.send_message(request):
            kind = event.WhichOneof("payload")
            events.append(kind)
            if kind == "artifact_update":
                said = MessageToDict(event.artifact_update)["artifact"]["parts"][0]["text"]
    print(json.dumps({"addresses": addresses, "events": events, "said": said}))


try:
    asyncio.run(main(*sys.argv[1:5]))
except Exception as error:
    print(json.dumps({"failed": f"{type(error).__name__}: {error}"}))
