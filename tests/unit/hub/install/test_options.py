"""What people choose, as values of the chart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.hub.install import ExternalUrlError, InstallOptions, InstallOptionsError
from farwatch.hub.install.options import OURS, check_external_url, to_values

HUB = "https://hub.example"


def values(hub: str = HUB, **options: Any) -> dict[str, Any]:
    return to_values(msgspec.convert(options, InstallOptions), cluster="prod", hub_url=hub)


def test_nothing_chosen_is_the_light_agent_of_this_hub() -> None:
    assert values() == {"mode": "deployment", "clusterName": "prod", "hub": {"url": HUB}}


@pytest.mark.parametrize(
    ("mode", "shape"),
    [
        ("light", "deployment"),
        ("full", "daemonset"),
        ("deployment", "deployment"),
        ("daemonset", "daemonset"),
    ],
)
def test_a_mode_is_a_shape_of_the_chart(mode: str, shape: str) -> None:
    assert values(mode=mode)["mode"] == shape


def test_what_is_chosen_has_the_charts_names() -> None:
    found = values(
        watchNamespaces=["shop"],
        proxy={"https": "http://proxy:3128", "noProxy": "10.0.0.0/8"},
        image={"repository": "registry.example/farwatch", "pullSecrets": ["pull"]},
        features={"events": False},
        caBundle="PEM",
    )
    assert found["watchNamespaces"] == ["shop"]
    assert found["proxy"] == {"https": "http://proxy:3128", "noProxy": "10.0.0.0/8"}
    assert found["image"] == {"repository": "registry.example/farwatch", "pullSecrets": ("pull",)}
    assert found["features"] == {"events": False}
    assert found["caBundle"] == "PEM"


def test_any_other_value_of_the_chart_goes_along_and_what_has_a_name_of_its_own_holds() -> None:
    found = values(
        mode="full",
        values={"mode": "deployment", "image": {"tag": "1"}, "replicas": 2},
        image={"digest": "d"},
    )
    assert (found["mode"], found["replicas"]) == ("daemonset", 2)
    assert found["image"] == {"tag": "1", "digest": "d"}


@pytest.mark.parametrize("name", OURS)
def test_what_the_hub_sees_to_is_refused(name: str) -> None:
    with pytest.raises(InstallOptionsError, match=f"values.{name}: the hub sees to it"):
        values(values={name: "x"})


@pytest.mark.parametrize("hub", [{"url": "https://other"}, "https://other", None])
def test_another_hub_is_refused(hub: object) -> None:
    with pytest.raises(InstallOptionsError, match=r"values\.hub\.url"):
        values(values={"hub": hub})


@pytest.mark.parametrize("namespace", ["", "Shop", "a b", "-a", "x" * 64, "a\n", "../x", "$(id)"])
def test_what_is_no_namespace_is_refused(namespace: str) -> None:
    with pytest.raises(InstallOptionsError, match="cannot be a namespace's name"):
        values(namespace=namespace)


@pytest.mark.parametrize("hub", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])
def test_a_hub_on_this_machine_needs_no_tls(hub: str) -> None:
    assert values(hub)["hub"] == {"url": hub, "allowInsecure": True}


def test_another_hub_without_tls_is_refused_with_the_flag_and_the_way_out() -> None:
    with pytest.raises(
        ExternalUrlError, match=r"the hub's address http://hub\.example has no TLS"
    ) as refused:
        values("http://hub.example")
    assert "allowInsecure" in str(refused.value)
    found = values("http://hub.example", values={"hub": {"allowInsecure": True}})
    assert found["hub"] == {"url": "http://hub.example", "allowInsecure": True}


def test_a_hub_that_does_not_know_its_address_names_the_flag() -> None:
    check_external_url(HUB)
    with pytest.raises(ExternalUrlError, match=r"start it with --external-url https://hub\.example\.com"):
        check_external_url("")
