"""API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from rich.table import Table

from farwatch.cli.views.printing import Moment, Raw, age, make_table, print_json, print_text
from farwatch.client import HubClient, path_segment
from farwatch.terminal import make_console, plain

_STYLES = {"valid": "green", "expiring": "yellow", "expired": "red", "revoked": "dim"}
_ENDED = frozenset({"expired", "revoked"})


class Wanted(NamedTuple):
    """What a new service token is to be; what is empty does not narrow it."""

    name: str
    role: str
    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    days: float | None = None

    def body(self, now: datetime) -> dict[str, Any]:
        """As the API takes it."""
        where = {"clusters": list(self.clusters), "namespaces": list(self.namespaces)}
        grant = {"role": self.role, "scope": {name: names for name, names in where.items() if names}}
        body: dict[str, Any] = {"name": self.name, "kind": "service", "grants": [grant]}
        if self.scopes:
            body["scopes"] = list(self.scopes)
        if self.days is not None:
            body["expiresAt"] = (now + timedelta(days=self.days)).isoformat()
        return body


class IssuedToken(msgspec.Struct, frozen=True):
    """A new API token."""

    id: str
    name: str
    token: str


class ApiToken(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of a token."""

    id: str
    name: str
    kind: str
    state: str
    owner_name: str = ""
    grants: list[dict[str, Any]] | None = None
    scopes: list[str] | None = None
    expires_at: Moment | None = None
    last_used_at: Moment | None = None


class ApiTokens(msgspec.Struct, frozen=True):
    """The hub's list of tokens."""

    items: list[ApiToken]


async def create_token(hub: str, token: str, wanted: Wanted, *, as_json: bool) -> None:
    """Make a token and print it."""
    async with HubClient(hub, token) as client:
        issued = await client.post("/tokens", wanted.body(datetime.now(UTC)), IssuedToken)
    if as_json:
        print_json(issued)
        return
    print_text(f"The API token {issued.id}, shown this once:\n\n  {issued.token}")


async def list_tokens(hub: str, token: str, *, everything: bool, as_json: bool) -> None:
    """Print the tokens, those that ended only if everything is asked for."""
    async with HubClient(hub, token) as client:
        if as_json:
            found = (await client.get("/tokens", Raw)).items
            print_json([each for each in found if everything or each.get("state") not in _ENDED])
            return
        tokens = (await client.get("/tokens", ApiTokens)).items
    shown = [each for each in tokens if everything or each.state not in _ENDED]
    if shown:
        make_console().print(token_table(shown, datetime.now(UTC)))
    else:
        print_text("No API tokens of yours. Make one: farwatch token create NAME")


async def revoke_token(hub: str, token: str, token_id: str) -> None:
    """Revoke a token."""
    async with HubClient(hub, token) as client:
        await client.delete(f"/tokens/{path_segment(token_id)}")
    print_text(f"API token {token_id} is revoked.")


def token_table(tokens: Sequence[ApiToken], now: datetime) -> Table:
    """Tokens as a table, in the order given."""
    table = make_table(("ID", "STATE", "ENDS", "USED", "ACTS AS", "FOR"), "MAY")
    for token in tokens:
        table.add_row(
            plain(token.id),
            plain(token.state, _STYLES.get(token.state, "")),
            "never" if token.expires_at is None else f"{token.expires_at:%Y-%m-%d}",
            "never" if token.last_used_at is None else f"{age(token.last_used_at, now)} ago",
            plain(token.owner_name or token.kind),
            plain(token.name),
            plain(_describe_rights(token)),
        )
    return table


def _describe_rights(token: ApiToken) -> str:
    """What a token may do, in a few words: ``operator of prod; only alerts.read``."""
    if token.grants is None:
        rights = "all that its owner may"
    else:
        rights = ", ".join(map(_describe_grant, token.grants)) or "nothing"
    return rights if token.scopes is None else f"{rights}; only {' '.join(token.scopes)}"


def _describe_grant(grant: dict[str, Any]) -> str:
    scope = grant.get("scope") or {}
    labels = [f"{name}={value}" for name, value in sorted((scope.get("clusterLabels") or {}).items())]
    clusters = [*(scope.get("clusters") or ()), *labels]
    namespaces = [f"/{name}" for name in scope.get("namespaces") or ()]
    where = " ".join([*clusters, *namespaces])
    return f"{grant.get('role', '?')} of {where}" if where else f"{grant.get('role', '?')}"
