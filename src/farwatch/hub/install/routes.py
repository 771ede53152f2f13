"""Install links over HTTP: made and shown with an API token, used by whoever has the link."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import msgspec
from litestar import HttpMethod, Response, Router, get, post, route
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.audit import Action, Target, audit_details, audits, not_audited
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.guard import OPEN
from farwatch.hub.auth.policy import Permission
from farwatch.hub.install.chart import AGENT_CHART, pack_chart, read_version
from farwatch.hub.install.errors import LinkGoneError, LinkNotFoundError
from farwatch.hub.install.installs import CreatedLink, HelmInstall, InstallLink, Installs
from farwatch.hub.install.options import HelmOptions, InstallOptions
from farwatch.hub.install.strangers import Strangers
from farwatch.hub.parameters import AnyRequest

YAML = "text/yaml; charset=utf-8"

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class InstallLinkList(msgspec.Struct, frozen=True):
    """A cluster's install links, the newest first."""

    items: list[InstallLink]


def _installs(state: State) -> Installs:
    installs: Installs = state.installs
    return installs


@post(
    "/clusters/{name:str}/install",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name")
    | audits(Action.INSTALL_LINK_CREATE, cluster="name"),
    summary="Make an install link",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def create_install_link(
    request: AnyRequest, state: State, name: FromPath[str], data: JSONBody[InstallOptions]
) -> CreatedLink:
    """Make a link that installs the cluster's agent by one line; it can be used once, within an hour.

    What it will deliver is rendered now, with an agent token of its own, and is what `sha256` is the checksum of.
    """
    audit_details(request, namespace=data.namespace, mode=data.mode)
    link = await _installs(state).create(name, data, request.state.author)
    audit_details(request, target=Target(id=link.id), expiresAt=link.expires_at)
    return link


@post(
    "/clusters/{name:str}/install/helm",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name") | not_audited("it changes nothing"),
    summary="Write an install by Helm",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE),
    status_code=HTTPStatus.OK,
)
async def write_helm_install(state: State, name: FromPath[str], data: JSONBody[HelmOptions]) -> HelmInstall:
    """The command that installs the cluster's agent by Helm, with a token of the cluster's in `FARWATCH_AGENT_TOKEN`.

    It makes no link and no token, so that it does without the hub's `--external-url`, if `hubUrl` says where the
    cluster reaches the hub.
    """
    return await _installs(state).write_helm(name, data)


@get(
    "/clusters/{name:str}/install",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name"),
    summary="List a cluster's install links",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def list_install_links(state: State, name: FromPath[str]) -> InstallLinkList:
    """The links of the last days: those that can be used, those that were, and from where."""
    return InstallLinkList(await _installs(state).list(name))


@get(
    "/clusters/{name:str}/install/{link_id:str}",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name"),
    summary="Preview an install link",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
    | {200: ResponseSpec(str, generate_examples=False, media_type="text/yaml", description="YAML.")},
)
async def preview_install_link(state: State, name: FromPath[str], link_id: FromPath[str]) -> Response[str]:
    """The text that the link will deliver, with the agent's token masked; the header `X-Farwatch-Sha256` is the checksum of it unmasked."""
    link, text = await _installs(state).preview(name, link_id)
    return Response(text, headers={**_HEADERS, "content-type": YAML, "X-Farwatch-Sha256": link.sha256})


@route("/install/{token:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], opt=OPEN)
async def use_install_link(request: AnyRequest, state: State, token: FromPath[str]) -> Response[bytes]:
    """What the link stands for, once. HEAD tells whether there is something, and leaves it there.

    What cannot be had is told in comments: to a shell and to kubectl alike they are nothing to be done.
    """
    address = request.client.host if request.client else ""
    try:
        if request.method == HttpMethod.HEAD:
            await _installs(state).check(token)
            return _answer(HTTPStatus.OK, "")
        text = await _installs(state).deliver(token, address)
    except LinkGoneError as error:
        return _answer(
            HTTPStatus.GONE, _comment(f"{error}.", "Make a new one: farwatch cluster install NAME")
        )
    except LinkNotFoundError:
        return _refuse_stranger(state, address)
    return _answer(HTTPStatus.OK, text)


@get("/charts/{file:str}", opt=OPEN)
async def get_chart(state: State, file: FromPath[str]) -> Response[bytes]:
    """The agent's chart, for Helm. Nothing in it is secret."""
    chart = _installs(state).chart
    if file != f"{AGENT_CHART}-{read_version(chart)}.tgz":
        raise NotFoundException(
            f"the hub has no chart {file[:100]!r}; what it has is {AGENT_CHART}-{read_version(chart)}.tgz"
        )
    packed = await asyncio.to_thread(pack_chart, chart)
    return Response(packed, media_type="application/gzip", headers={"X-Content-Type-Options": "nosniff"})


def _refuse_stranger(state: State, address: str) -> Response[bytes]:
    strangers: Strangers = state.strangers
    seconds = strangers.note(address)
    if seconds:
        text = _comment("Too many install links that do not exist were asked for from this address.")
        return _answer(HTTPStatus.TOO_MANY_REQUESTS, text, {"Retry-After": str(round(seconds) or 1)})
    text = _comment(
        "There is no such install link: is it whole? Its cluster may have been removed or renamed.",
        "Make a new one: farwatch cluster install NAME",
    )
    return _answer(HTTPStatus.NOT_FOUND, text)


def _answer(status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(
        text.encode(), status_code=status, headers={**_HEADERS, "content-type": YAML, **(headers or {})}
    )


def _comment(*lines: str) -> str:
    return "".join(f"# Farwatch: {line}\n" for line in lines)


router = Router(
    "/",
    route_handlers=[create_install_link, write_helm_install, list_install_links, preview_install_link],
    tags=["clusters"],
)

open_router = Router("/", route_handlers=[use_install_link, get_chart], include_in_schema=False)
