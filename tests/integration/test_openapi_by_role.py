"""Every operation of the API's own document, asked by everybody, as it says and as it does not: what is answered is what is promised."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from farwatch.hub.app import create_description

from .api_world import BODIES, QUERIES, ROLES, SIGNED_IN, ApiWorld
from .conftest import Stage

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("openapi"), pytest.mark.timeout(900)]

EXAMPLES = max(3, settings.default.max_examples // 25)
"""How many requests are made up for each operation: 4, and more with ``--hypothesis-profile=deep``."""

SEVERAL_SECONDS = {"createInstallLink", "writeHelmInstall", "createBackup"}
"""Operations that start a process or write a folder: one made-up request each, unless somebody wants to know it all."""

ENDLESS = {"followStream"}
"""Answers that go on until somebody hangs up: their beginning is looked at."""

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
METHODS = {"get", "post", "put", "patch", "delete"}


def list_operations() -> list[str]:
    document = create_description().openapi_schema.to_schema()
    return [
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]


OPERATIONS = list_operations()


class Asker:
    """Sends one request as everybody, and keeps what was wrong with the answers."""

    def __init__(self, world: ApiWorld, operation: Any) -> None:
        self.world = world
        self.operation = operation
        self.name: str = operation.definition.raw["operationId"]
        self.faults: dict[tuple[str, str], str] = {}
        self.statuses: dict[str, Counter[int]] = {role: Counter() for role in ROLES}
        self._session = requests.Session()
        self._session.trust_env = False

    def ask_first(self) -> None:
        """The request that everything is right with, about what there is."""
        for role in ROLES:
            body = {"body": self.world.body_of(self.name)} if self.operation.body else {}
            case = self.operation.Case(
                query=self.world.query_of(self.name), media_type="application/json" if body else None, **body
            )
            self._place(case)
            self._ask(case, role)

    def ask(self, case: Case, *, about_real: bool) -> None:
        """A request that was made up; about what there is, or about anything."""
        for role in ROLES:
            if about_real:
                self._place(case)
            self._ask(case, role)

    def _place(self, case: Case) -> None:
        names = {parameter.name for parameter in self.operation.path_parameters}
        if names:
            case.path_parameters = self.world.path_of(self.name, names)

    def _ask(self, case: Case, role: str) -> None:
        headers = dict(self.world.headers_of(role, self.name))
        if self.name in ENDLESS:
            self._ask_endless(case, role, headers)
            return
        answer = case.call(
            base_url=self.world.hub.url,
            session=self._session,
            headers=headers,
            cookies=self.world.cookies_of(role),
            allow_redirects=False,
            timeout=60,
        )
        cookies = self._session.cookies.get_dict()
        self._session.cookies.clear()
        self.statuses[role][answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                self.faults.setdefault(
                    (role, failure.title), f"{role}: {failure.title}: {failure.message}\n{group}"[:3000]
                )
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            self.world.take_note(self.name, case.body, cookies)

    def _ask_endless(self, case: Case, role: str, headers: dict[str, str]) -> None:
        sent = case.as_transport_kwargs(base_url=self.world.hub.url, headers=headers)
        sent["cookies"] = self.world.cookies_of(role)
        with self._session.request(**sent, stream=True, timeout=60) as answer:
            self.statuses[role][answer.status_code] += 1
            promised = self.operation.definition.raw["responses"]
            if str(answer.status_code) not in promised:
                self.faults[role, "status"] = f"{role}: {answer.status_code} {answer.request.url}"


@pytest.fixture(scope="module")
def world(common_stage: Stage) -> ApiWorld:
    return ApiWorld(common_stage)


@pytest.fixture(scope="module")
def schema(world: ApiWorld) -> Any:
    """The hub's own document, but for how one shows who one is: wrong tokens are tested elsewhere."""
    document = world.hub.ask("GET", "/api/schema/openapi.json").json
    del document["security"]
    return schemathesis.openapi.from_dict(document)


@schemathesis.deserializer("text/yaml")
def read_documents(_context: Any, response: Any) -> str:
    """Manifests are several documents in one, and promised as text."""
    return response.content.decode()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nobody_gets_an_answer_that_is_not_promised(world: ApiWorld, schema: Any, operation: str) -> None:
    asker = Asker(world, schema.find_operation_by_id(operation))
    asker.ask_first()
    cases = st.one_of(
        asker.operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        asker.operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=EXAMPLES if operation not in SEVERAL_SECONDS else max(1, EXAMPLES // 10),
        phases=[
            Phase.explicit,
            Phase.generate,
        ],  # what there is changes by each request: there is no smaller one
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, about_real=st.sampled_from([True, True, True, False]))
    def ask(case: Case, about_real: bool) -> None:
        asker.ask(case, about_real=about_real)

    ask()
    assert not asker.faults, "\n\n".join(asker.faults.values())
    granted = {status for role in ("admin", SIGNED_IN) for status in asker.statuses[role]}
    assert min(granted) < HTTPStatus.BAD_REQUEST, asker.statuses


def test_what_is_treated_specially_is_there() -> None:
    special = SEVERAL_SECONDS | ENDLESS | BODIES.keys() | QUERIES.keys()
    assert special <= set(OPERATIONS)
