"""Who else vouches for people: the file of identity providers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import msgspec

from farwatch.hub.alerting.document import Fault, Problem, Section, parse_document, read_text
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.auth.oidc.errors import SsoConfigError
from farwatch.hub.auth.principal import Grant, Role, Scope

EVERYBODY = "*"
"""Stands for every group, and for being in none."""

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Address(str):
    """An address of the web that nobody on the way can read or change: by HTTPS, or on this machine."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text.

        Raises:
            ValueError: It is none.
        """
        if not is_safe_address(text):
            raise ValueError(
                f'"{text[:200]}" is not an address such as https://login.example.com (http only on this machine)'
            )
        return cls(text)


def is_safe_address(text: str) -> bool:
    """Whether an address is one by HTTPS, or by HTTP on this machine."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return (parts.scheme == "https" or local) and bool(parts.hostname) and not parts.fragment


class GroupSection(Section, frozen=True, kw_only=True):
    """What those of a group hold.

    Attributes:
        group: The group, as the provider calls it; ``*`` for everybody.
        role: The role that they have.
        team: The team that they are in.
        clusters: Where, by the clusters' names; none: everywhere.
        cluster_labels: Where, by the clusters' labels.
        namespaces: In which namespaces; none: in all.
    """

    group: str
    role: Literal["viewer", "operator", "admin"] | None = None
    team: str | None = None
    clusters: list[str] = msgspec.field(default_factory=list)
    cluster_labels: dict[str, str] = msgspec.field(default_factory=dict)
    namespaces: list[str] = msgspec.field(default_factory=list)

    def faults(self) -> Iterator[Fault]:
        """Find what is wrong with the values together."""
        if not self.group.strip():
            yield Fault(("group",), "`group` is empty: name a group, or * for everybody")
        if self.group == EVERYBODY and self.role == "admin":
            yield Fault(
                ("role",), "everybody who can sign in there would be admin: name a group, or another role"
            )

        if self.role is None and self.team is None:
            yield Fault((), "this gives its group nothing: add `role`, or `team`")
        if self.role is None and (self.clusters or self.cluster_labels or self.namespaces):
            yield Fault((), "this says where, and not which `role`: a team has grants of its own")

    def grants(self) -> tuple[Grant, ...]:
        """What they hold by themselves."""
        if self.role is None:
            return ()
        scope = Scope(tuple(self.clusters), dict(self.cluster_labels), tuple(self.namespaces))
        return (Grant(Role(self.role), scope),)


class ProviderSection(Section, frozen=True, kw_only=True):
    """An identity provider that speaks OpenID Connect.

    Attributes:
        id: Names it in addresses and in users' records; it must stay.
        name: What people read on the button.
        issuer: Its address; ``/.well-known/openid-configuration`` is below it.
        client_id: What it calls the hub.
        client_secret: By which the hub proves itself; without one, it is a public client.
        client_secret_file: A file with that.
        scopes: What the hub asks for.
        groups_claim: Where the groups are in the ID token or the user info; dots lead into objects.
        groups: What those of each group hold.
        allowed_domains: Whose verified e-mail addresses are let in; none: everybody's.
        auto_create: Whether who comes for the first time becomes a user.
        username_claim: What becomes the name of a new user.
        ca_file: A PEM file of who may vouch for the provider's certificate; the system's otherwise.
    """

    id: str
    name: str
    issuer: Address
    client_id: str
    client_secret: Secret | None = None
    client_secret_file: str | None = None
    scopes: list[str] = msgspec.field(default_factory=lambda: ["openid", "profile", "email"])
    groups_claim: str = "groups"
    groups: list[GroupSection] = msgspec.field(default_factory=list)
    allowed_domains: list[str] = msgspec.field(default_factory=list)
    auto_create: bool = True
    username_claim: str = "preferred_username"
    ca_file: str | None = None

    def faults(self) -> Iterator[Fault]:
        """Find what is wrong with the values together."""
        if not _ID.fullmatch(self.id) or self.id == "local":
            yield Fault(
                ("id",),
                f'`id` "{self.id[:50]}" is not of 1 to 32 letters a-z, digits and -, and not the word local',
            )
        for key in ("name", "client_id", "groups_claim", "username_claim"):
            if not getattr(self, key).strip():
                yield Fault((key,), f"`{key}` is empty")
        if self.client_secret is not None and self.client_secret_file is not None:
            yield Fault(
                ("client_secret_file",),
                "`client_secret` and `client_secret_file` are both given: give one of them",
            )
        if "openid" not in self.scopes:
            yield Fault(("scopes",), "`scopes` lacks openid, without which there is no ID token: add it")
        for index, domain in enumerate(self.allowed_domains):
            if not _DOMAIN.fullmatch(domain.lower()):
                yield Fault(
                    ("allowed_domains", index), f'"{domain[:80]}" is not a domain such as example.com'
                )

    def grants(self, groups: frozenset[str]) -> tuple[Grant, ...]:
        """What somebody of these groups holds."""
        found: list[Grant] = []
        for each in self._of(groups):
            found += [grant for grant in each.grants() if grant not in found]
        return tuple(found)

    def teams(self, groups: frozenset[str]) -> frozenset[str]:
        """The teams that somebody of these groups is in, by name."""
        return frozenset(each.team for each in self._of(groups) if each.team is not None)

    def all_teams(self) -> frozenset[str]:
        """The teams that this provider fills."""
        return frozenset(each.team for each in self.groups if each.team is not None)

    def _of(self, groups: frozenset[str]) -> Iterator[GroupSection]:
        return (each for each in self.groups if each.group in groups or each.group == EVERYBODY)


class SsoSection(Section, frozen=True, kw_only=True):
    """The whole file."""

    providers: list[ProviderSection]

    def faults(self) -> Iterator[Fault]:
        """Find what is wrong with the providers together."""
        if not self.providers:
            yield Fault(("providers",), "`providers` is empty: name one, or start the hub without --sso")
        seen: set[str] = set()
        for index, provider in enumerate(self.providers):
            if provider.id in seen:
                yield Fault(
                    ("providers", index, "id"), f'there are two providers with the id "{provider.id}"'
                )
            seen.add(provider.id)


def load_providers(path: Path) -> list[ProviderSection]:
    """The providers that a file names, each with its secret.

    Raises:
        SsoConfigError: Something is wrong with the file, or with one that it names.
    """
    name = str(path)
    text, problems = read_text(path)
    if text is None:
        raise SsoConfigError(problems)
    section, problems = parse_document(text, name, SsoSection)
    if section is None:
        raise SsoConfigError(problems)
    found = [
        _with_files(provider, f"providers[{index}]", path, problems)
        for index, provider in enumerate(section.providers)
    ]
    if problems:
        raise SsoConfigError(problems)
    return found


def _with_files(
    provider: ProviderSection, where: str, path: Path, problems: list[Problem]
) -> ProviderSection:
    def tell(key: str, message: str) -> None:
        problems.append(Problem(str(path), 0, 0, f"`{where}.{key}`: {message}"))

    if provider.ca_file is not None:
        file = path.parent / provider.ca_file
        if not file.is_file():
            tell("ca_file", f"there is no file {file}")
        provider = msgspec.structs.replace(provider, ca_file=str(file))
    if provider.client_secret_file is not None:
        file = path.parent / provider.client_secret_file
        found, faults = read_text(file)
        if found is None:
            tell("client_secret_file", str(faults[0]))
        elif not found.strip():
            tell("client_secret_file", f"{file} is empty: write the client's secret into it")
        else:
            return msgspec.structs.replace(provider, client_secret=Secret(found.strip()))
    return provider
