"""The API without the network: a request in, a reply, a watch or a log stream out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from farwatch.sim import metrics
from farwatch.sim.errors import StatusError, not_found, unknown_resource
from farwatch.sim.logs import LogBook
from farwatch.sim.metrics import Metrics
from farwatch.sim.resources import RESOURCES
from farwatch.sim.selectors import parse_label_selector
from farwatch.sim.server import discovery
from farwatch.sim.server.endpoints import Endpoints, method_not_allowed
from farwatch.sim.server.exchange import Reply, Request, reply_json
from farwatch.sim.server.faults import Faults
from farwatch.sim.server.identity import ANONYMOUS, Tokens, User, impersonated, unauthorized
from farwatch.sim.server.options import ListOptions, read_options
from farwatch.sim.server.podlogs import LogRequest, read_log_request
from farwatch.sim.server.rbac import Attributes, Authorizer, forbidden
from farwatch.sim.server.reviews import answer_review
from farwatch.sim.server.tables import Shape
from farwatch.sim.server.targets import Target, find_target
from farwatch.sim.server.tokenrequests import answer_token_request
from farwatch.sim.store import Store

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_OPEN_TO_ALL = ("/healthz", "/livez", "/readyz", "/version")
_DISCOVERY = ("/api", "/apis", "/openapi")


@dataclass(frozen=True, kw_only=True)
class WatchRequest:
    """A watch that may begin."""

    target: Target
    options: ListOptions
    shape: Shape


class Api:
    """Decides what each request gets.

    Args:
        store: The objects.
        logs: What containers wrote.
        usage: What pods and nodes use.
        authorizer: Who may do what.
        faults: What goes wrong at the moment.
        address: ``host:port``, for discovery.
        tokens: Where tokens that are asked for are made known.
    """

    def __init__(  # noqa: PLR0917 - the parts of a server, each of its own type
        self,
        store: Store,
        logs: LogBook,
        usage: Metrics,
        authorizer: Authorizer,
        faults: Faults,
        address: str,
        tokens: Tokens | None = None,
    ) -> None:
        self.faults = faults
        self._tokens = tokens or Tokens()
        self._store = store
        self._logs = logs
        self._usage = usage
        self._authorizer = authorizer
        self.address = address
        endpoints = Endpoints(store, authorizer)
        self._verbs: dict[str, Callable[[Target, Request], Reply | WatchRequest]] = {
            "watch": self._watch,
            "list": endpoints.list,
            "get": endpoints.get,
            "create": endpoints.create,
            "update": endpoints.update,
            "patch": endpoints.patch,
            "delete": endpoints.delete,
            "deletecollection": endpoints.delete_collection,
        }

    def act_for(self, user: User, request: Request, groups: tuple[str, ...]) -> User:
        """The user to act as: the one the Impersonate headers name, when that is allowed, or who asks."""
        other = impersonated(request.headers, groups)
        if other is None:
            return user
        self._authorizer.check(user, Attributes(verb="impersonate", resource="users", name=other.name))
        return other

    def handle(self, request: Request) -> Reply | WatchRequest | LogRequest:
        """The answer; StatusError for a failure."""
        target = find_target(request.path)
        if target is None:
            return self._handle_path(request)
        verb = _verb(request, target)
        resource = target.resource
        if resource.name in self.faults.absent:
            raise unknown_resource()
        failure = self.faults.answer(verb, resource.name)
        if failure is not None:
            raise failure
        if request.user is ANONYMOUS and not self._authorizer.enforced:
            raise unauthorized()
        asked = target.attributes(verb)
        if resource.name in self.faults.deny:
            raise forbidden(request.user, asked)
        if not target.is_review:
            self._authorizer.check(request.user, asked)
        if verb not in resource.verbs and not target.subresource:
            raise method_not_allowed(resource, verb)
        return self._dispatch(verb, target, request)

    def _dispatch(self, verb: str, target: Target, request: Request) -> Reply | WatchRequest | LogRequest:
        if target.is_review:
            review = answer_review(target.resource.kind, request.object(), request.user, self._authorizer)
            return reply_json(review, 201)
        if target.is_metrics:
            return self._metrics(target, request)
        if target.subresource == "log":
            pod = self._store.get("pods", target.namespace, target.name)
            return read_log_request(pod, request.query, self._logs, self._store.clock)
        if target.subresource == "token" and verb == "create":
            asked = request.object()
            made = answer_token_request(self._store, self._tokens, target.namespace, target.name, asked)
            return reply_json(made, 201)
        act = self._verbs.get(verb)
        if act is None or target.subresource == "token":
            raise method_not_allowed(target.resource, verb)
        return act(target, request)

    def _watch(self, target: Target, request: Request) -> WatchRequest:
        query = dict(request.query)
        if target.name:  # a watch of one object is a watch of its collection that selects it
            query["fieldSelector"] = f"metadata.name={target.name}"
        options = read_options(query | {"watch": "true"}, target.resource)
        if options.initial_events and self.faults.no_streaming_lists:
            why = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
            raise StatusError(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {why}', {})
        return WatchRequest(target=target, options=options, shape=request.shape)

    # --- what is computed -------------------------------------------------------------------------------------

    def _metrics(self, target: Target, request: Request) -> Reply:
        kind, plural = target.resource.kind, target.resource.name
        selector = parse_label_selector(request.query.get("labelSelector", ""))
        if target.name:
            found = self._store.get(plural, target.namespace, target.name)
            items = self._measure(plural, [found])
            if not items:
                raise not_found(RESOURCES[plural], target.name)
            return reply_json(metrics.as_object(kind, items[0]))
        entries = self._store.collection(plural).entries(target.namespace)
        chosen = [entry.decode() for entry in entries if selector.matches(entry.labels)]
        return reply_json(metrics.as_list(kind, self._measure(plural, chosen)))

    def _measure(self, plural: str, documents: list[dict[str, object]]) -> list[dict[str, object]]:
        if plural == "nodes":
            return self._usage.node_metrics(documents)
        measured = (self._usage.pod_metrics(pod) for pod in documents)
        return [each for each in measured if each is not None]

    def _handle_path(self, request: Request) -> Reply:
        path = request.path.rstrip("/") or "/"
        root = f"/{path.split('/')[1]}"
        if root in ("/healthz", "/livez", "/readyz"):
            return Reply(body=b"ok", media_type="text/plain")
        if path not in _OPEN_TO_ALL and request.user is ANONYMOUS:
            raise unauthorized()
        if root not in (*_OPEN_TO_ALL, *_DISCOVERY):
            self._authorizer.check(request.user, Attributes(verb="get", path=path))
        found = self._discover(path, request.headers.get("Accept", ""))
        if found is None:
            raise unknown_resource()
        return found

    def _discover(self, path: str, accept: str) -> Reply | None:
        is_aggregated = "as=APIGroupDiscoveryList" in accept and "v=v2" in accept.replace("v=v2beta1", "")
        if path in ("/api", "/apis") and is_aggregated:
            return reply_json(discovery.aggregated(core=path == "/api"), media_type=discovery.AGGREGATED)
        found = discovery.find_document(path, self.address)
        return None if found is None else reply_json(found)


def _verb(request: Request, target: Target) -> str:
    match request.method:
        case "GET" | "HEAD":
            if request.query.get("watch") in ("true", "1"):
                return "watch"
            return "get" if target.name else "list"
        case "DELETE":
            return "delete" if target.name else "deletecollection"
    return _VERBS.get(request.method, request.method.lower())
