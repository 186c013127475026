"""A Starlette app whose handlers say their names."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


def named(name: str, path: str, method: str) -> Route:
    return Route(path, lambda _request: JSONResponse({"handler": name}), methods=[method])


app = Starlette(
    routes=[
        named("users.me", "/users/@me", "GET"),
        named("users.read", "/users/{id}", "GET"),
        named("admin.page", "/admin", "GET"),
        named("admin.wipe", "/admin/wipe", "POST"),
        named("documents.publish", "/documents/{id}:publish", "POST"),
        named("documents.read", "/documents/{id}", "GET"),
        named("any", "/{rest:path}", "GET"),
        named("any", "/{rest:path}", "POST"),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
