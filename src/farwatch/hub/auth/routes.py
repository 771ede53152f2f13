"""API tokens over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.auth.access import SELF
from farwatch.hub.auth.tokens import ApiToken, ApiTokens


class NewApiToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new API token is for."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class CreatedApiToken(msgspec.Struct, frozen=True):
    """A new API token; the secret is shown this once."""

    id: str
    name: str
    token: str


class ApiTokenList(msgspec.Struct, frozen=True):
    """API tokens, oldest first."""

    items: list[ApiToken]


def _tokens(state: State) -> ApiTokens:
    tokens: ApiTokens = state.api_tokens
    return tokens


@get("/", opt=SELF, summary="List API tokens", responses=problems.described())
async def list_api_tokens(state: State) -> ApiTokenList:
    """Every token ever made, without its secret."""
    return ApiTokenList(await _tokens(state).list())


@post("/", opt=SELF, summary="Make an API token", responses=problems.described())
async def create_api_token(state: State, data: JSONBody[NewApiToken]) -> CreatedApiToken:
    """Make a token that may do everything; its secret is only in this answer."""
    token, secret = await _tokens(state).create(data.name)
    return CreatedApiToken(token.id, token.name, secret)


@delete(
    "/{token_id:str}",
    opt=SELF,
    summary="Revoke an API token",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def revoke_api_token(state: State, token_id: FromPath[str]) -> None:
    """Make a token worthless at once. The last valid one stays, so that nobody is locked out."""
    await _tokens(state).revoke(token_id)


router = Router(
    "/tokens", route_handlers=[list_api_tokens, create_api_token, revoke_api_token], tags=["tokens"]
)
