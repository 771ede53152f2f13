"""`farwatch agent adopt`: what an installation has outside its namespace is made to go with it.

Roles and bindings of the cluster, and those in other namespaces, get an owner reference to the namespace, so that a plain
`kubectl delete namespace` lets Kubernetes' garbage collector remove them. It is run once, by a Job whose own rights it
gives up at the end. A writer of roles may not hand on rights that it does not have, but owner references it may set: the API
server lets pass what changes nothing else (IsOnlyMutatingGCFields in pkg/registry/rbac/helpers.go of Kubernetes).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from farwatch import __version__
from farwatch.agent.errors import AgentError
from farwatch.agent.parser import Parser
from farwatch.backoff import Backoff
from farwatch.kube.client import KubeClient, PatchType
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.config import load_access
from farwatch.kube.errors import ApiError, ApiUnreachable, KubeError
from farwatch.kube.kinds import KINDS, Kind
from farwatch.kube.objects import KubeObject, ObjectMeta

EXIT_OK = 0
EXIT_FAULT = 1

PATIENCE_SECONDS = 60.0
"""How long to try: roles that were made a moment ago may take some seconds to be known to every API server."""

_RBAC = "rbac.authorization.k8s.io"
_NAMESPACE = KINDS["Namespace"]
_KINDS = {
    "cluster-role": Kind("ClusterRole", "clusterroles", _RBAC, "v1", KubeObject, namespaced=False),
    "cluster-role-binding": Kind(
        "ClusterRoleBinding", "clusterrolebindings", _RBAC, "v1", KubeObject, namespaced=False
    ),
    "role": Kind("Role", "roles", _RBAC, "v1", KubeObject),
    "role-binding": Kind("RoleBinding", "rolebindings", _RBAC, "v1", KubeObject),
}
_KINDS_BY_NAME = {kind.name.lower(): kind for kind in _KINDS.values()}

_EVERYBODYS = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""Namespaces that nobody deletes, so that they can take nothing with them."""

_BUILT_IN_LABEL = "kubernetes.io/bootstrapping"
"""On the roles that Kubernetes makes itself; nobody's namespace may take them with it."""

_PASSING = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
_FIRST_SERVER_ERROR = 500

Result = TypeVar("Result")


class AdoptError(AgentError):
    """Something could not be adopted; the message says what, why, and what stays."""


@dataclass(frozen=True)
class Target:
    """A role or binding, in a namespace or (empty) of the cluster."""

    kind: Kind
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.kind.name} {self.name}{where}"


class Adoption:
    """Sets owner references, and in the end gives up the right to.

    Args:
        client: For the API server.
        namespace: The owner.
        tell: Is told what was done, a line each.
        clock: Time and chance.
    """

    def __init__(
        self, client: KubeClient, namespace: str, tell: Callable[[str], None], clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._tell = tell
        self._clock = clock
        self._deadline = clock.monotonic() + PATIENCE_SECONDS

    async def run(self, targets: Sequence[Target], drops: Sequence[Target]) -> None:
        """Lets the namespace own the targets; then removes ``drops``, of which the first is a binding.

        Raises AdoptError; what was done until then stays done, and may be done again.
        """
        found = await self._try(f"read the namespace {self._namespace}", self._read_namespace)
        owner = _reference(_NAMESPACE, found)
        for target in targets:
            await self._own(target, owner, keep_others=True)
        if drops:
            await self._drop(drops[0], drops[1:])

    async def _read_namespace(self) -> ObjectMeta:
        return (await self._client.get(_NAMESPACE, self._namespace)).metadata

    async def _drop(self, binding: Target, others: Sequence[Target]) -> None:
        """Once the binding is gone nothing more may be removed here: the garbage collector removes what it owns."""
        found = await self._find(binding)
        if found is None:
            self._tell(f"{binding} is gone already")
            return
        for other in others:
            await self._own(other, _reference(binding.kind, found), keep_others=False)
        await self._try(
            f"delete {binding}",
            lambda: self._client.delete(binding.kind, binding.name, binding.namespace, uid=found.uid),
        )
        self._tell("gave up its own rights: " + ", ".join(f"{dropped}" for dropped in (binding, *others)))

    async def _own(self, target: Target, owner: dict[str, str], *, keep_others: bool) -> None:
        found = await self._find(target)
        if found is None:
            raise AdoptError(f"{target} is not there: nothing to adopt; is its name right?")
        if _BUILT_IN_LABEL in (found.labels or {}):
            raise AdoptError(f"{target} is Kubernetes' own: it is left as it is")
        if owner["uid"] in {known.uid for known in found.owner_references or ()} and keep_others:
            self._tell(f"{target} belongs to {owner['kind']} {owner['name']} already")
            return
        # As a strategic merge, references are merged by uid: what others have set stays, and no version is needed.
        references = [owner] if keep_others else [{"$patch": "replace"}, owner]
        await self._try(
            f"set the owner of {target}",
            lambda: self._client.patch(
                target.kind,
                target.name,
                {"metadata": {"ownerReferences": references}},
                target.namespace,
                patch_type=PatchType.STRATEGIC,
            ),
        )
        self._tell(f"{target} belongs to {owner['kind']} {owner['name']} now")

    async def _find(self, target: Target) -> ObjectMeta | None:
        async def read() -> ObjectMeta | None:
            try:
                return (await self._client.get(target.kind, target.name, target.namespace)).metadata
            except ApiError as error:
                if error.is_not_found:
                    return None
                raise

        return await self._try(f"read {target}", read)

    async def _try(self, what: str, act: Callable[[], Awaitable[Result]]) -> Result:
        """Tries again what may pass; AdoptError when it does not within the time there is."""
        backoff = Backoff(longest=5.0)
        failures = 0
        while True:
            try:
                return await act()
            except KubeError as error:
                failures += 1
                delay = backoff.delay(failures, self._clock.random())
                if not _may_pass(error) or self._clock.monotonic() + delay > self._deadline:
                    raise AdoptError(f"cannot {what}: {error}; what has no owner stays behind") from error
                await self._clock.sleep(delay)


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:  # noqa: ARG001 - the same for all
    """Adopts what the command line names; returns the process's exit code.

    Raises ConfigError or KubeConfigError when something it was given cannot be used.
    """
    flags = build_parser().parse_args(arguments)
    try:
        asyncio.run(_adopt(flags))
    except AdoptError as error:
        print(f"farwatch agent adopt: {error}", file=sys.stderr)  # noqa: T201 - for whoever reads the Job's log
        return EXIT_FAULT
    return EXIT_OK


def build_parser() -> argparse.ArgumentParser:
    """The command's flags."""
    parser = Parser(
        prog="farwatch agent adopt",
        description="Let a namespace own roles and bindings outside it, so that they are deleted with it. "
        "The chart and the one-line install run this once.",
        allow_abbrev=False,
    )
    parser.add_argument("--namespace", required=True, type=_parse_owner, help="the owner")
    for name, kind in _KINDS.items():
        shape = "NAMESPACE/NAME" if kind.namespaced else "NAME"
        parser.add_argument(
            f"--{name}",
            dest="targets",
            action="append",
            default=[],
            metavar=shape,
            type=_Reader(kind),
            help=f"a {kind.name} that it is to own; may be given again",
        )
    parser.add_argument(
        "--then-drop",
        dest="drops",
        action="append",
        default=[],
        metavar="KIND/NAME",
        type=_parse_drop,
        help="at the end, delete clusterrolebinding/NAME, by which this runs; and, given after it, clusterrole/NAME",
    )
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="kubeconfig, outside a pod")
    parser.add_argument("--context", default="", help="context in the kubeconfig")
    return parser


class _Reader:
    """Reads ``NAME`` or, of a kind with namespaces, ``NAMESPACE/NAME``."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def __call__(self, text: str) -> Target:
        parts = text.split("/")
        if len(parts) != 1 + self._kind.namespaced or not all(parts):
            shape = "NAMESPACE/NAME" if self._kind.namespaced else "NAME"
            raise argparse.ArgumentTypeError(f"{text!r} is not {shape} of a {self._kind.name}")
        return Target(self._kind, parts[-1], *parts[:-1])


def _parse_drop(text: str) -> Target:
    kind, _, rest = text.partition("/")
    if kind not in _KINDS_BY_NAME:
        raise argparse.ArgumentTypeError(
            f"{text!r} does not begin with one of {', '.join(f'{known}/' for known in _KINDS_BY_NAME)}"
        )
    return _Reader(_KINDS_BY_NAME[kind])(rest)


def _parse_owner(text: str) -> str:
    if text in _EVERYBODYS:
        raise argparse.ArgumentTypeError(f"{text!r} is never deleted, so that it can take nothing with it")
    return text


async def _adopt(flags: argparse.Namespace) -> None:
    access = load_access(flags.kubeconfig, flags.context or None)
    async with KubeClient(access, user_agent=f"farwatch-agent/{__version__}") as client:
        await Adoption(client, flags.namespace, _say).run(flags.targets, flags.drops)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _reference(kind: Kind, found: ObjectMeta) -> dict[str, str]:
    return {"apiVersion": kind.api_version, "kind": kind.name, "name": found.name, "uid": found.uid}


def _may_pass(error: KubeError) -> bool:
    if isinstance(error, ApiError):
        return error.status in _PASSING or error.status >= _FIRST_SERVER_ERROR
    return isinstance(error, ApiUnreachable)
