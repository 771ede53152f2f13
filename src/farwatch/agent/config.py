"""The agent's settings: one typed model, filled from flags over environment over a YAML file.

Every setting has one name, written in three ways: ``--link-down-liveness``, ``FARWATCH_LINK_DOWN_LIVENESS`` and
``link_down_liveness:`` in the file. A higher layer wins setting by setting. What is unknown or wrong is refused in one
line that names where it stands and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import msgspec

from farwatch.agent.calls.gate import READ_ONLY
from farwatch.agent.errors import ConfigError
from farwatch.agent.values import Address, Duration, HubUrl
from farwatch.calls import Method
from farwatch.logs import LogFormat, LogLevel
from farwatch.proxy import ProxySettings

ENVIRONMENT_PREFIX = "FARWATCH_"
CONFIG_FILE_VARIABLE = "FARWATCH_CONFIG"
TOKEN_KEYS = ("AGENT_TOKEN", "API_KEY")
"""Under which a Secret holds a cluster's token or an organisation's key."""

_FOREIGN_VARIABLE = re.compile(
    r"""FARWATCH_(
        CONFIG | DATA | LISTEN | ALERTING           # where the file is; the hub's flags
      | (ADMIN|HUB|SIM|DEMO|TEST|BENCH)_\w+         # other commands' settings
      | (\w+_)?SERVICE_(HOST|PORT)(_\w+)?           # what Kubernetes tells a pod of Services around it
      | (\w+_)?PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?    # likewise
    )""",
    re.VERBOSE,
)
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OBJECT_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_SHOWN = 60
_SHORTEST_POLL_SECONDS = 1.0


class Role(StrEnum):
    """What an agent is there for.

    ``cluster`` watches the cluster's objects, once per cluster; ``node`` runs on every node, and one that is elected of them
    watches the cluster's objects as well.
    """

    CLUSTER = "cluster"
    NODE = "node"


class Secret:
    """A text that shows itself only when asked to."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def parse(cls, text: str) -> Secret:
        """Takes a text without surrounding white space; raises ValueError when nothing or more than a word is left."""
        word = text.strip()
        if not word or not word.isascii() or not word.isprintable() or " " in word:
            raise ValueError("not a token: one word of printable ASCII is expected")
        return cls(word)

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class AgentConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of the agent. Descriptions stand in ``--help`` and in docs/agent.md."""

    hub: Annotated[HubUrl, _about("where the hub is, https://hub.example.com")]
    token: Annotated[
        Secret | None, _about("this cluster's agent token; better in token_file or FARWATCH_TOKEN")
    ] = None
    token_file: Annotated[
        Path | None,
        _about("file with the token, or folder of a Secret with one; read anew at each connection"),
    ] = None
    cluster_name: Annotated[str, _about("the cluster's name, for messages; the token decides who we are")] = (
        ""
    )
    role: Annotated[Role, _about("what this agent is there for")] = Role.CLUSTER
    leader_election: Annotated[
        bool,
        _about(
            "watch only while elected among this cluster's agents, by a Lease; always so with the role node"
        ),
    ] = False
    lease_name: Annotated[str, _about("the Lease's name")] = "farwatch-agent-leader"
    lease_namespace: Annotated[str, _about("the Lease's namespace; the pod's own when empty")] = ""
    pod_name: Annotated[str, _about("this pod's name, for people; the host's name when empty")] = ""
    node_name: Annotated[str, _about("the node this agent runs on; the role node needs it")] = ""
    kubeconfig: Annotated[
        Path | None,
        _about("kubeconfig file; without it KUBECONFIG, the pod's service account or ~/.kube/config"),
    ] = None
    context: Annotated[str, _about("context in the kubeconfig; its current one when empty")] = ""
    namespaces: Annotated[tuple[str, ...], _about("watch only these namespaces, a,b; all when empty")] = ()
    exclude_namespaces: Annotated[
        tuple[str, ...], _about("watch everything but these namespaces, a,b; cannot be given with namespaces")
    ] = ()
    events: Annotated[bool, _about("watch the cluster's events, for alerts and their evidence")] = True
    poll: Annotated[Duration | None, _about("list at this interval instead of watching, 60s")] = None
    ca_file: Annotated[
        Path | None, _about("PEM file of the CAs to trust at the hub instead of the system's")
    ] = None
    allow_insecure: Annotated[bool, _about("allow http:// to a hub that is not on this machine")] = False
    health_listen: Annotated[Address, _about("where /healthz and /readyz listen")] = Address(":13133")
    metrics_listen: Annotated[Address | None, _about("where /metrics listens, :9090; off when empty")] = None
    link_down_liveness: Annotated[
        Duration, _about("/healthz fails when the link was down for longer, 5m")
    ] = Duration(300)
    allowed_calls: Annotated[
        tuple[Method, ...], _about("what the hub may ask of this agent, a,b; none when empty")
    ] = READ_ONLY
    log_level: Annotated[LogLevel, _about("from which level on to log")] = LogLevel.INFO
    log_format: Annotated[LogFormat, _about("how log lines look")] = LogFormat.AUTO
    proxy: ProxySettings = ProxySettings()

    @property
    def elects(self) -> bool:
        """Whether agents of this cluster elect one who does the cluster's work."""
        return self.leader_election or self.role is Role.NODE

    def read_token(self) -> str:
        """The token, from its file when it has one, so that a rotated token is used at the next connection.

        Raises ConfigError when the file cannot be read or holds no token.
        """
        if self.token is not None:
            return self.token.reveal()
        if self.token_file is None:
            raise ConfigError(_missing("token"))
        file = _find_token(self.token_file)
        try:
            return Secret.parse(file.read_text()).reveal()
        except OSError as error:
            raise ConfigError(f"token_file: cannot read {file}: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"token_file: {file}: {error}") from error


class Setting(NamedTuple):
    """One setting's name, type and description, as taken from the model."""

    name: str
    type: Any
    description: str

    @property
    def flag(self) -> str:
        """``--link-down-liveness``."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """``FARWATCH_LINK_DOWN_LIVENESS``."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def several(self) -> bool:
        """Whether it holds a list."""
        return get_origin(self.type) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be written, where that is a closed set."""
        element = get_args(self.type)[0] if self.several else self.type
        if isinstance(element, type) and issubclass(element, Enum):
            return tuple(member.value for member in element)
        return ("true", "false") if element is bool else ()


def _settings() -> Iterator[Setting]:
    for field in msgspec.structs.fields(AgentConfig):
        if get_origin(field.type) is Annotated:
            kind, meta = get_args(field.type)
            yield Setting(field.name, kind, meta.description)


SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _settings()}
"""By name, in the model's order. The proxy is none of them: its settings are the usual environment variables."""


class _Written(NamedTuple):
    """A value as somebody wrote it, and where."""

    value: object
    origin: str


def load(
    flags: Mapping[str, object], environment: Mapping[str, str], file: Path | None = None
) -> AgentConfig:
    """Puts the settings together and checks them.

    Args:
        flags: By setting name, what the command line gave; what it did not give is absent or None.
        environment: The process's environment.
        file: The configuration file; ``FARWATCH_CONFIG`` names it otherwise.

    Raises ConfigError, whose message is one line.
    """
    if file is None and environment.get(CONFIG_FILE_VARIABLE):
        file = Path(environment[CONFIG_FILE_VARIABLE])
    written: dict[str, _Written] = {}
    for layer in (_from_file(file) if file else {}, _from_environment(environment), _from_flags(flags)):
        given = {name: found for name, found in layer.items() if _given(SETTINGS[name], found.value)}
        if given.keys() & {"token", "token_file"}:
            written.pop("token", None)
            written.pop("token_file", None)
        written.update(given)
    values = {name: _convert(SETTINGS[name], found) for name, found in written.items()}
    if "hub" not in values:
        raise ConfigError(_missing("hub"))
    try:
        config = AgentConfig(**values, proxy=ProxySettings.from_environment(environment))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    _check(config, written)
    return config


def _given(setting: Setting, value: object) -> bool:
    """Templates leave empty texts behind where nothing was meant; only for a list they mean something: none."""
    return value is not None and (value != "" or setting.several)


def _from_flags(flags: Mapping[str, object]) -> dict[str, _Written]:
    found = {}
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        if name not in SETTINGS:
            raise ConfigError(
                f"{flag}: unknown; allowed: {', '.join(each.flag for each in SETTINGS.values())}"
            )
        found[name] = _Written(value, flag)
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, _Written]:
    found = {}
    by_variable = {setting.variable: setting for setting in SETTINGS.values()}
    for variable, value in environment.items():
        if variable in by_variable:
            found[by_variable[variable].name] = _Written(value, variable)
        elif variable.startswith(ENVIRONMENT_PREFIX) and not _FOREIGN_VARIABLE.fullmatch(variable):
            raise ConfigError(f"{variable}: unknown environment variable; allowed: {', '.join(by_variable)}")
    return found


def _from_file(file: Path) -> dict[str, _Written]:
    import yaml  # noqa: PLC0415 - most agents run without a file

    try:
        content = yaml.safe_load(file.read_text())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file}: expected settings such as `hub: https://hub.example.com`")
    found = {}
    for name, value in content.items():
        if name not in SETTINGS:
            raise ConfigError(f"{file}: unknown setting {_shown(name)}; allowed: {', '.join(SETTINGS)}")
        found[name] = _Written(value, f"{file}: {name}")
    return found


def _convert(setting: Setting, written: _Written) -> Any:
    value = written.value
    if setting.several and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    elif setting.type is bool and isinstance(value, str):
        value = value.lower()
    try:
        return msgspec.convert(value, setting.type, strict=False, dec_hook=_parse)
    except msgspec.ValidationError as error:
        problem = f"allowed: {', '.join(setting.choices)}" if setting.choices else str(error)
        shown = "" if setting.name == "token" else f"{_shown(written.value)}: "
        raise ConfigError(f"{written.origin}: {shown}{problem}") from error


def _parse(kind: type, value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a text is expected")  # noqa: TRY004 - msgspec names the setting for a ValueError
    return _parse_path(value) if kind is Path else kind.parse(value)  # type: ignore[attr-defined]


def _parse_path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(
            f"nobody here is called {Path(text).parts[0][1:]!r}: write the path in full"
        ) from error


def _check(config: AgentConfig, written: Mapping[str, _Written]) -> None:
    if config.token is None and config.token_file is None:
        raise ConfigError(_missing("token"))
    if config.token is not None and config.token_file is not None:
        raise ConfigError(f"{written['token'].origin}: give either the token or token_file, not both")
    if not (config.hub.encrypted or config.hub.loopback or config.allow_insecure):
        raise ConfigError(
            f"{written['hub'].origin}: {config.hub} would send the token in the clear; use https://, "
            f"or set allow_insecure on a network you trust"
        )
    if config.poll is not None and config.poll < _SHORTEST_POLL_SECONDS:
        raise ConfigError(f"{written['poll'].origin}: must be at least 1s")
    _check_namespaces(config, written)
    if config.link_down_liveness <= 0:
        raise ConfigError(f"{written['link_down_liveness'].origin}: must be more than 0s")
    _check_names(config, written)


def _check_namespaces(config: AgentConfig, written: Mapping[str, _Written]) -> None:
    for name in ("namespaces", "exclude_namespaces"):
        for namespace in getattr(config, name):
            if not _NAMESPACE.fullmatch(namespace):
                raise ConfigError(
                    f"{written[name].origin}: {_shown(namespace)}: not a namespace's name such as kube-system"
                )
    if config.namespaces and config.exclude_namespaces:
        raise ConfigError(
            f"{written['exclude_namespaces'].origin}: {', '.join(config.exclude_namespaces)} cannot be left out of the "
            f"{len(config.namespaces)} given by {written['namespaces'].origin}; give one or the other"
        )


def _check_names(config: AgentConfig, written: Mapping[str, _Written]) -> None:
    if config.role is Role.NODE and not config.node_name:
        raise ConfigError(
            f"node_name: not set; the role node needs it: give {SETTINGS['node_name'].variable} from the pod's spec.nodeName"
        )
    for name in ("lease_name", "lease_namespace", "pod_name", "node_name"):
        value = getattr(config, name)
        if value and not _OBJECT_NAME.fullmatch(value):
            raise ConfigError(f"{written[name].origin}: {_shown(value)}: not a name as Kubernetes has them")


def _find_token(path: Path) -> Path:
    """The file itself, or in a mounted Secret the one that is there under a key for tokens."""
    if not path.is_dir():
        return path
    found = [path / key for key in TOKEN_KEYS if (path / key).is_file()]
    if len(found) != 1:
        held = "both" if found else "neither"
        raise ConfigError(f"token_file: {path} holds {held} of {' and '.join(TOKEN_KEYS)}; one is expected")
    return found[0]


def _missing(name: str) -> str:
    setting = SETTINGS[name]
    return f"{name}: not set; give {setting.flag}, {setting.variable} or `{name}:` in the configuration file"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
