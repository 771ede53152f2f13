"""The kubeconfig file as others write it: its fields, reading it, and several files taken as one.

The format is Kubernetes' ``client.config/v1``; files are merged as kubectl does it: whoever names a cluster, user,
context or the current context first, wins, and paths are relative to the file that holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from farwatch.kube.access import describe_os_error
from farwatch.kube.errors import KubeConfigError


class _Section(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """Empty and absent mean the same throughout."""


class Cluster(_Section, frozen=True):
    """Where an API server is and how to know it."""

    server: str = ""
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    insecure_skip_tls_verify: bool | None = None
    tls_server_name: str | None = None
    proxy_url: str | None = None


class ExecVariable(msgspec.Struct, frozen=True):
    """A variable for a plugin's environment."""

    name: str
    value: str = ""


class ExecPlugin(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A command that prints credentials."""

    api_version: str = ""
    command: str = ""
    args: list[str] | None = None
    env: list[ExecVariable] | None = None
    install_hint: str | None = None
    interactive_mode: str | None = None
    provide_cluster_info: bool | None = None


class User(_Section, frozen=True):
    """Who we are, in one of several ways."""

    token: str | None = None
    token_file: str | None = msgspec.field(name="tokenFile", default=None)
    client_certificate: str | None = None
    client_certificate_data: str | None = None
    client_key: str | None = None
    client_key_data: str | None = None
    username: str | None = None
    password: str | None = None
    exec_plugin: ExecPlugin | None = msgspec.field(name="exec", default=None)
    auth_provider: dict[str, Any] | None = None
    impersonated_user: str | None = msgspec.field(name="as", default=None)
    impersonated_groups: list[str] | None = msgspec.field(name="as-groups", default=None)


class Context(_Section, frozen=True):
    """A cluster and a user to be there."""

    cluster: str = ""
    user: str = ""
    namespace: str | None = None


class _NamedCluster(msgspec.Struct, frozen=True):
    name: str
    cluster: Cluster | None = None


class _NamedUser(msgspec.Struct, frozen=True):
    name: str
    user: User | None = None


class _NamedContext(msgspec.Struct, frozen=True):
    name: str
    context: Context | None = None


class _File(_Section, frozen=True):
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None
    current_context: str | None = None


class Kubeconfig(msgspec.Struct, frozen=True, kw_only=True):
    """One or more files taken as one; ``origin`` names them for messages, and paths are absolute."""

    origin: str
    clusters: Mapping[str, Cluster]
    users: Mapping[str, User]
    contexts: Mapping[str, Context]
    current_context: str


def read_kubeconfig(paths: Iterable[Path]) -> Kubeconfig:
    """These files as one.

    Raises:
        KubeConfigError: One cannot be read or is not a kubeconfig.
    """
    clusters: dict[str, Cluster] = {}
    users: dict[str, User] = {}
    contexts: dict[str, Context] = {}
    current = ""
    origins: list[str] = []
    for path in paths:
        found = _read(path)
        base = path.absolute().parent
        for cluster in found.clusters or ():
            clusters.setdefault(cluster.name, _anchor(cluster.cluster or Cluster(), base))
        for user in found.users or ():
            users.setdefault(user.name, _anchor_user(user.user or User(), base))
        for context in found.contexts or ():
            contexts.setdefault(context.name, context.context or Context())
        current = current or found.current_context or ""
        origins.append(str(path))
    return Kubeconfig(
        origin="kubeconfig " + ", ".join(origins),
        clusters=clusters,
        users=users,
        contexts=contexts,
        current_context=current,
    )


def _read(path: Path) -> _File:
    import yaml  # noqa: PLC0415 - 2 MiB that an agent in a cluster never needs

    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise KubeConfigError(f"kubeconfig {path}: {describe_os_error(error)}") from error
    except yaml.YAMLError as error:
        raise KubeConfigError(f"kubeconfig {path}: not YAML{_where(error)}") from error
    try:
        return msgspec.convert(content if content is not None else {}, _File)
    except msgspec.ValidationError as error:
        raise KubeConfigError(f"kubeconfig {path}: {error}") from error


def _where(error: Exception) -> str:
    """Where YAML broke. Nothing of the file's own text, which may be a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    place = f", line {mark.line + 1}" if mark is not None else ""
    return f"{place}: {problem}" if problem else place


_Paths = TypeVar("_Paths", Cluster, User)


def _anchor(section: _Paths, base: Path, *fields: str) -> _Paths:
    """The section with its paths made absolute."""
    names = fields or ("certificate_authority",)
    absolute = {name: str(base / path) for name in names if (path := getattr(section, name))}
    return msgspec.structs.replace(section, **absolute)


def _anchor_user(user: User, base: Path) -> User:
    anchored = _anchor(user, base, "client_certificate", "client_key", "token_file")
    plugin = anchored.exec_plugin
    # As in a shell: a bare command is looked up in PATH, one with a slash is a path.
    if plugin is None or "/" not in plugin.command:
        return anchored
    located = msgspec.structs.replace(plugin, command=str(base / plugin.command))
    return msgspec.structs.replace(anchored, exec_plugin=located)
