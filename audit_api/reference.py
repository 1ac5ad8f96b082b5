"""The API described: OpenAPI 3.1, with who may use what, and a page made from it (no script, no CDN)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from audit_api.problems import KINDS
from audit_api.rights import PUBLIC, RIGHTS

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "enum": [f"/problems/{slug}" for slug in KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
PROBLEM_ANSWER = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe(app: FastAPI) -> None:
    """Replaces FastAPI's own description, which knows nothing of rights and problems."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _described(app: FastAPI) -> dict[str, Any]:
    contexts = [each for each in iter_route_contexts(app.routes) if (each.path or "").startswith("/api/")]
    told = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=[each.original_route for each in contexts],
    )
    parts = told.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for ours in ("HTTPValidationError", "ValidationError"):
        schemas.pop(ours, None)
    schemas["Problem"] = PROBLEM
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            _say_who(f"{method.upper()} {path}", operation)
    return told


def _say_who(route: str, operation: dict[str, Any]) -> None:
    who = RIGHTS[route]
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = PROBLEM_ANSWER
    for answer in operation["responses"].values():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if "PageOut" in schema.get("$ref", "") or schema.get("$ref", "").endswith("/ListsOut"):
            answer["content"]["text/csv"] = {"schema": {"type": "string"}}
    operation["security"] = [] if who == PUBLIC else [{"token": []}]
    operation["x-roles"] = ["everybody"] if who == PUBLIC else sorted(who)


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    where: str
    required: bool
    says: str


@dataclass(frozen=True, slots=True)
class Operation:
    route: str
    summary: str
    says: str
    roles: tuple[str, ...]
    fields: tuple[Field, ...]
    answers: tuple[str, ...]


def operations(told: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """For the page: every operation by its tag, in the order of the routes."""
    found: dict[str, list[Operation]] = {}
    for path, methods in told["paths"].items():
        for method, raw in methods.items():
            made = Operation(
                route=f"{method.upper()} {path}",
                summary=raw.get("summary", ""),
                says=raw.get("description", ""),
                roles=tuple(raw["x-roles"]),
                fields=tuple(_fields(raw, told)),
                answers=tuple(code for code in raw["responses"] if code != "default"),
            )
            found.setdefault(raw["tags"][0], []).append(made)
    return found


def _fields(operation: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Field]:
    for each in operation.get("parameters", ()):
        yield Field(each["name"], each["in"], each.get("required", False), _says(each, each["schema"]))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolved(content.get("schema", {}), told)
    for name, each in schema.get("properties", {}).items():
        yield Field(name, "body", name in schema.get("required", ()), _says(each, each))


def _resolved(schema: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    for option in (schema, *schema.get("anyOf", ())):
        if "$ref" in option:
            named: Mapping[str, Any] = told["components"]["schemas"][option["$ref"].rpartition("/")[2]]
            return named
    return schema


def _says(holder: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    return str(holder.get("description") or schema.get("type") or "")
