"""The file of identity providers: what it says, and what is said of its faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from farwatch.hub.auth.oidc import SsoConfigError, load_providers
from farwatch.hub.auth.principal import Grant, Role, Scope

GOOD = """
providers:
  - id: acme
    name: Acme
    issuer: https://login.acme.example/realms/main
    client_id: farwatch
    client_secret_file: secret
    groups_claim: realm_access.roles
    allowed_domains: [acme.example]
    groups:
      - {group: sre, role: admin}
      - {group: "*", role: viewer, clusters: [prod], cluster_labels: {env: live}, namespaces: [shop]}
"""


def write(folder: Path, text: str) -> Path:
    (folder / "secret").write_text("s3cret\n")
    file = folder / "sso.yml"
    file.write_text(text)
    return file


def faults(folder: Path, text: str) -> list[str]:
    file = write(folder, text)
    with pytest.raises(SsoConfigError) as caught:
        load_providers(file)
    return [line.removeprefix(f"{file}") for line in str(caught.value).splitlines()]


def test_says_who_vouches_for_people_and_what_groups_hold(tmp_path: Path) -> None:
    (provider,) = load_providers(write(tmp_path, GOOD))
    assert provider.client_secret
    assert provider.client_secret.reveal() == "s3cret"
    assert "s3cret" not in repr(provider)
    everybody = Grant(Role.VIEWER, Scope(("prod",), {"env": "live"}, ("shop",)))
    assert provider.grants(frozenset({"sre", "x"})) == (Grant(Role.ADMIN), everybody)
    assert provider.grants(frozenset()) == (everybody,)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("id: acme", "id: Acme Inc"), ':3:9: `id` "Acme Inc" is not of 1 to 32 letters a-z, digits and -'),
        (("id: acme", "id: local"), ':3:9: `id` "local" is not of'),
        (("https://login", "http://login"), ':5:13: `providers[0].issuer`: "http://login.acme.example'),
        (("    client_id: farwatch\n", ""), ":3:5: `client_id` is missing in providers[0]"),
        (("name: Acme", 'name: ""'), ":4:11: `name` is empty"),
        (
            ("client_id: farwatch", "client_idd: x"),
            ":6:5: unknown key `client_idd`, did you mean `client_id`?",
        ),
        (
            ("client_id: farwatch", "client_id: farwatch\n    client_secret: x"),
            ":8:25: `client_secret` and `client_secret_file` are both given: give one of them",
        ),
        (("client_secret_file: secret", "client_secret_file: nope"), ": `providers[0].client_secret_file`: "),
        (("client_secret_file: secret", "ca_file: nope"), ": `providers[0].ca_file`: there is no file "),
        (("groups_claim: realm_access.roles", "scopes: [email]"), ":8:13: `scopes` lacks openid"),
        (
            ("role: admin", "role: root"),
            ':11:28: `providers[0].groups[0].role`: "root" is none of viewer, operator',
        ),
        (('"*", role: viewer', '"*", role: admin'), ":12:28: everybody who can sign in there would be admin"),
        (("group: sre", 'group: " "'), "`group` is empty: name a group, or * for everybody"),
        (("[acme.example]", '["@acme"]'), ':9:23: "@acme" is not a domain such as example.com'),
        (("providers:", "provider:"), ":2:1: unknown key `provider`, did you mean `providers`?"),
        (
            ("group: sre, role: admin", "group: sre"),
            ":11:9: this gives its group nothing: add `role`, or `team`",
        ),
        (("role: viewer, clusters", "team: x, clusters"), ":12:9: this says where, and not which `role`"),
    ],
)
def test_a_fault_is_named_with_its_place_and_the_way_out(
    tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    assert any(fault in line for line in faults(tmp_path, GOOD.replace(*change))), faults(
        tmp_path, GOOD.replace(*change)
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", ": is empty"),
        ("providers: []", ":1:12: `providers` is empty: name one, or start the hub without --sso"),
        ("providers: x", ":1:12: `providers` must be a list"),
        ("[", ":1:2: is not YAML"),
        (GOOD + GOOD.split("providers:\n")[1], "two providers with the id"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str, fault: str) -> None:
    assert any(fault in line for line in faults(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SsoConfigError, match="cannot be read: No such file"):
        load_providers(tmp_path / "nope.yml")


def test_an_empty_secret_is_told(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(SsoConfigError, match="is empty: write the client's secret into it"):
        load_providers(file)
