"""The simulated API server on a socket."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gzip
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from weakref import WeakSet

import msgspec
from aiohttp import web

from farwatch.sim.errors import SimError, StatusError
from farwatch.sim.logs import LogBook
from farwatch.sim.metrics import Metrics
from farwatch.sim.namespaces import NamespaceController, release_unused_claims
from farwatch.sim.server.api import Api, WatchRequest
from farwatch.sim.server.certificates import Certificate
from farwatch.sim.server.exchange import Reply, Request, reply_error, reply_json
from farwatch.sim.server.faults import Faults
from farwatch.sim.server.identity import Tokens, User, unauthorized
from farwatch.sim.server.kubeconfig import write_kubeconfig
from farwatch.sim.server.podlogs import LogRequest
from farwatch.sim.server.rbac import Authorizer
from farwatch.sim.server.streams import WatchStream, send_log
from farwatch.sim.store import Store

_MOST_BODY_BYTES = 3 * 1024 * 1024  # kube-apiserver's limit for a request
_COMPRESS_ABOVE_BYTES = 128 * 1024  # responsewriters.defaultGzipThresholdBytes
_FAULTS_PATH = "/_sim/faults"
_HOUSEKEEPING_SECONDS = 0.5

Control = Callable[[str, str, bytes], Reply]
"""Answers a request by its method, what follows the control's own path, and its body."""


class ApiServer:
    """Serves a store as a Kubernetes API, on loopback unless told otherwise.

    Args:
        store: The objects; whatever changes them is seen by watches at once.
        logs: What containers wrote; made when None.
        metrics: What pods and nodes use; made when None.
        users: Bearer tokens and whom they stand for. None lets everybody be an administrator.
        rbac: Whether the roles and bindings in the store decide what a user may do.
        certificate: Serve HTTPS with it.
        bookmark_seconds: How often an idle watch gets a bookmark.
        keep_house: Whether to empty deleted namespaces and release deleted claims; False when an engine does.
    """

    def __init__(
        self,
        store: Store,
        *,
        logs: LogBook | None = None,
        metrics: Metrics | None = None,
        users: Mapping[str, User] | None = None,
        rbac: bool = False,
        certificate: Certificate | None = None,
        bookmark_seconds: float = 60.0,
        keep_house: bool = True,
    ) -> None:
        self.store = store
        self.logs = logs or LogBook(store)
        self.metrics = metrics or Metrics(store)
        self.tokens = Tokens(users)
        self.url = ""
        self._controls: dict[str, Control] = {_FAULTS_PATH: self._control_faults}
        self._authorizer = Authorizer(store, enforced=rbac)
        self._certificate = certificate
        self._bookmark_seconds = bookmark_seconds
        self._api = Api(store, self.logs, self.metrics, self._authorizer, Faults(), "", self.tokens)
        self._namespaces = NamespaceController(store) if keep_house else None
        self._watches: set[WatchStream] = set()
        self._transports: WeakSet[asyncio.Transport] = WeakSet()
        self._runner: web.ServerRunner | None = None
        self._housekeeping: asyncio.Task[None] | None = None

    # --- life -------------------------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, on a free port when it is 0; the URL. SimError when the address cannot be had."""
        server = web.Server(self._serve, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        context = self._certificate.context() if self._certificate else None
        site = web.TCPSite(self._runner, host, port, ssl_context=context)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise SimError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another address with --listen"
            ) from None
        bound_host, bound_port = self._runner.addresses[0][:2]
        self.url = f"{'https' if context else 'http'}://{bound_host}:{bound_port}"
        self._api.address = f"{bound_host}:{bound_port}"
        if self._namespaces:
            self._housekeeping = asyncio.create_task(self._keep_house(self._namespaces))
        return self.url

    async def stop(self) -> None:
        """End every watch and stop listening."""
        if self._housekeeping:
            self._housekeeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._housekeeping
        for watch in self._watches:
            watch.end()
        if self._runner:
            await self._runner.cleanup()
        for transport in tuple(self._transports):
            transport.abort()  # a TLS connection would wait for its client's goodbye

    def write_kubeconfig(self, path: Path, *, name: str = "sim", token: str = "") -> Path:
        """Write a kubeconfig that leads here."""
        certificate = self._certificate.certificate if self._certificate else None
        return write_kubeconfig(path, self.url, name=name, token=token, certificate=certificate)

    async def _keep_house(self, namespaces: NamespaceController) -> None:
        while True:
            namespaces.step()
            release_unused_claims(self.store)
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)

    # --- control ----------------------------------------------------------------------------------------------

    def add_control(self, path: str, control: Control) -> None:
        """Have requests to a path, and to what is below it, answered outside the API: always, and without a token."""
        self._controls[path] = control

    @property
    def faults(self) -> Faults:
        """What goes wrong at the moment; change it in place or set another."""
        return self._api.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._api.faults = faults

    def expire_history(self, resource: str = "") -> None:
        """Forget the history: watches and continue tokens from before get 410."""
        self.store.expire_history(resource)

    def cut_watches(self) -> None:
        """Cut every open watch in the middle of a line."""
        for watch in self._watches:
            watch.cut()

    # --- serving ----------------------------------------------------------------------------------------------

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.transport:
            self._transports.add(request.transport)
        for path, control in self._controls.items():
            if request.path == path or request.path.startswith(f"{path}/"):
                rest = request.path.removeprefix(path)
                return await _respond(control(request.method, rest, await request.read()), request)
        if self.faults.refuse and request.transport:
            request.transport.abort()
            return web.Response()
        if self.faults.delay:
            await asyncio.sleep(self.faults.delay)
        try:
            answer = self._api.handle(await self._read(request))
        except StatusError as error:
            return await _respond(reply_error(error), request)
        match answer:
            case Reply():
                return await _respond(answer, request)
            case WatchRequest():
                return await self._watch(answer, request)
            case LogRequest():
                return await send_log(answer, request)

    async def _read(self, request: web.BaseRequest) -> Request:
        if (request.content_length or 0) > _MOST_BODY_BYTES:
            message = f"limit is {_MOST_BODY_BYTES}"
            raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: {message}")
        user = self.tokens.authenticate(request.headers.get("Authorization", ""))
        if user is None:
            raise unauthorized()
        asked = Request(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers=request.headers,
            body=await request.read(),
            user=user,
        )
        groups = tuple(request.headers.getall("Impersonate-Group", ()))
        return dataclasses.replace(asked, user=self._api.act_for(user, asked, groups))

    async def _watch(self, asked: WatchRequest, request: web.BaseRequest) -> web.StreamResponse:
        stream = WatchStream(self._api, self.store, asked, self._bookmark_seconds)
        self._watches.add(stream)
        try:
            return await stream.send(request)
        finally:
            self._watches.discard(stream)

    def _control_faults(self, method: str, rest: str, body: bytes) -> Reply:
        match method, rest:
            case "GET", "":
                return reply_json(self.faults)
            case "PUT", "":
                try:
                    self.faults = msgspec.json.decode(body, type=Faults)
                except msgspec.DecodeError as error:
                    return Reply(
                        code=HTTPStatus.BAD_REQUEST, body=f"{error}\n".encode(), media_type="text/plain"
                    )
                return reply_json(self.faults)
            case "POST", "/expire":
                self.expire_history()
                return reply_json({})
            case "POST", "/cut":
                self.cut_watches()
                return reply_json({})
        return Reply(code=HTTPStatus.NOT_FOUND, body=b"no such control\n", media_type="text/plain")


async def _respond(reply: Reply, request: web.BaseRequest) -> web.Response:
    headers = {"Content-Type": reply.media_type, "Cache-Control": "no-cache, private", **reply.headers}
    body = reply.body
    if len(body) > _COMPRESS_ABOVE_BYTES and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = await asyncio.to_thread(gzip.compress, body, 1)  # it lets go of the GIL
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return web.Response(status=reply.code, body=body, headers=headers)
