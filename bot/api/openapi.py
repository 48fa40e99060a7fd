"""The OpenAPI 3.1 document, made of the models that answer."""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from bot.api.parameters import ActivityParameters, CustomerParameters
from bot.api.schemas import (
    MAX_EVENTS,
    ActivityPage,
    CustomerPage,
    NewEvent,
    ProblemDetails,
    Recorded,
)

PROBLEMS: Final = {
    400: "A parameter or the body was not understood.",
    401: "No key, or none that is valid.",
    403: "The key has not the scope for that.",
    404: "No such customer.",
    408: "The body took too long.",
    409: "Somebody else wrote the same at the same moment; try again.",
    413: "The body is too large.",
    415: "The body is not JSON, or compressed.",
    422: "Understood, but it cannot be done: an event that does not fit, a key used for another request, too many rows.",
    429: "Too many requests; Retry-After says when to try again.",
    503: "The database does not answer; try again.",
}
ALWAYS: Final = (400, 401, 403, 429, 503)


def document(version: str) -> dict[str, Any]:
    _, definitions = models_json_schema(
        [
            (NewEvent, "validation"),
            *((each, "serialization") for each in (ActivityPage, CustomerPage, Recorded, ProblemDetails)),
        ],
        ref_template="#/components/schemas/{model}",
    )
    customer = {
        "name": "customer",
        "in": "path",
        "required": True,
        "description": "An id (`cus_…`), a slug, a domain or a name.",
        "schema": {"type": "string"},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pivotal",
            "version": version,
            "description": "Who changed what, when, from what to what: the rows of the CSV export, for programs.",
        },
        "security": [{"key": []}],
        "paths": {
            "/v1/customers": {
                "get": {
                    "operationId": "customers",
                    "summary": "Customers, by what their names begin with or contain.",
                    "parameters": _parameters(CustomerParameters),
                    "responses": {"200": _json("CustomerPage", tagged=True), **_not_modified(), **_problems()},
                }
            },
            "/v1/customers/{customer}/activity": {
                "get": {
                    "operationId": "activity",
                    "summary": "A customer's history, newest first; with `after_seq` in the order of recording.",
                    "parameters": [customer, *_parameters(ActivityParameters)],
                    "responses": {
                        "200": _json("ActivityPage", tagged=True, besides={"text/csv": {"schema": {"type": "string"}}}),
                        **_not_modified(),
                        **_problems(404, 422),
                    },
                },
                "post": {
                    "operationId": "record",
                    "summary": f"Append an event, or up to {MAX_EVENTS:,} in an array; each is recorded or not by itself.",
                    "parameters": [
                        customer,
                        {
                            "name": "Idempotency-Key",
                            "in": "header",
                            "description": "The same request with the same key has one effect, for 24 hours.",
                            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
                        },
                    ],
                    "requestBody": {"required": True, "content": {"application/json": {"schema": _events()}}},
                    "responses": {"200": _json("Recorded", tagged=True), **_problems(404, 408, 409, 413, 415, 422)},
                },
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "pvk_…"}},
            "schemas": definitions["$defs"],
        },
    }


def _events() -> dict[str, Any]:
    one = {"$ref": "#/components/schemas/NewEvent"}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_EVENTS}]}


def _parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Each parameter as it is written: numbers and plain texts as the model says, the others as text that the model reads."""
    written = model.model_json_schema(mode="validation", schema_generator=_AsText)["properties"]
    found = []
    for name, schema in written.items():
        typed = schema["anyOf"][0] if "anyOf" in schema else schema  # may be left out, rather than null
        described = {key: value for key, value in typed.items() if key not in {"description", "title", "default"}}
        found.append({"name": name, "in": "query", "description": schema["description"], "schema": described})
    return found


class _AsText(GenerateJsonSchema):
    """What a validator of ours reads is a text in the address."""

    def function_before_schema(self, schema: Any) -> dict[str, Any]:  # noqa: ARG002 - as in its base
        return {"type": "string"}


def _json(model: str, *, tagged: bool, besides: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}, **(besides or {})}
    headers = {"ETag": {"schema": {"type": "string"}}} if tagged else {}
    return {"description": "Done.", "content": content, "headers": headers}


def _not_modified() -> dict[str, Any]:
    return {"304": {"description": "What If-None-Match named is still how it is."}}


def _problems(*more: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    return {str(status): {"description": PROBLEMS[status], "content": content} for status in sorted({*ALWAYS, *more})}
