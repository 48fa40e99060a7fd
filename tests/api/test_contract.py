"""The OpenAPI document against the running server: no 5xx, and nothing that it does not say."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Program

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ignored_auth,
]
EXAMPLES = 15
"""Requests of each kind to each operation."""


async def test_the_server_answers_as_its_document_says(program: Program) -> None:
    """Generated requests, valid and not, go to every operation; every answer is judged by the document."""
    await asyncio.to_thread(contract, program.url, program.key)


def contract(url: str, key: str) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/v1/openapi.json")
    statuses: set[int] = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        for mode in GenerationMode:
            operation = found.ok()
            statuses |= tried(operation, mode, key)
    assert {200, 400, 404, 422} <= statuses


def tried(operation: schemathesis.APIOperation[Any, Any, Any, Any], mode: GenerationMode, key: str) -> set[int]:
    """The statuses that this operation was answered with."""
    statuses: set[int] = set()

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def check(case: schemathesis.Case[Any], known: bool) -> None:
        if known and "customer" in case.path_parameters:
            case.path_parameters["customer"] = "acme"
        headers = {"Authorization": f"Bearer {key}"}
        statuses.add(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    check()
    return statuses
