"""Every operation of the OpenAPI asked with what schemathesis makes of its schema, over a real connection."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.audit_api.school import School
from tests.audit_api.served import PATIENCE, served

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
type Operation = APIOperation[Any, Any, Any, Any]
LOWER_CASE = {"get", "post", "put", "delete", "patch"}


@dataclass
class Asker:
    """Asks as one person, or as nobody. `found` counts answers by operation and status."""

    school: School
    address: str
    username: str | None
    session: requests.Session
    real_ids: tuple[str, ...] = ()
    found: Counter[tuple[str, int]] = field(default_factory=Counter)

    def operations(self) -> list[Operation]:
        told = schemathesis.openapi.from_dict(self.school.app.openapi())
        found = list(told.get_all_operations())
        return [each.ok() for each in found if isinstance(each, Ok)]

    def headers(self) -> dict[str, str]:
        """A new session each time: one of the operations is to sign out."""
        if self.username is None:
            return {}
        return {"Authorization": f"Bearer {self.school.token(self.username)[0]}"}

    def ask(self, operation: Operation, mode: GenerationMode, examples: int) -> None:
        """Raises what schemathesis found. The same each time."""
        headers = self.headers()

        @seed(len(operation.label))
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=self._cases(operation, mode))
        def each(case: Case[Any]) -> None:
            answer = case.call(session=self.session, base_url=self.address, headers=headers, timeout=PATIENCE)
            self.found[operation.label, answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)
            if answer.status_code == 204:
                headers.update(self.headers())

        each()

    def _cases(self, operation: Operation, mode: GenerationMode) -> st.SearchStrategy[Case[Any]]:
        """Ids that there are, half of the time: what has no such thing is not found, and asked no further."""
        made = operation.as_strategy(generation_mode=mode)
        if "{id}" not in operation.path or not self.real_ids:
            return made
        there = st.sampled_from(self.real_ids).flatmap(
            lambda id_: operation.as_strategy(generation_mode=mode, path_parameters={"id": id_})
        )
        return there | made


@contextmanager
def asking(school: School, username: str | None, real_ids: tuple[str, ...] = ()) -> Iterator[Asker]:
    with served(school) as address, requests.Session() as session:
        session.trust_env = False
        yield Asker(school, address, username, session, real_ids)


def labels(told: Mapping[str, Any]) -> set[str]:
    """What the OpenAPI speaks of, read without schemathesis."""
    return {
        f"{method.upper()} {path}"
        for path, methods in told["paths"].items()
        for method in methods
        if method in LOWER_CASE
    }
