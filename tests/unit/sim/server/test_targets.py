import pytest

from farwatch.sim.server.targets import find_target


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/pods", ("", "pods", "", "", "")),
        ("/api/v1/namespaces", ("", "namespaces", "", "", "")),
        ("/api/v1/namespaces/shop", ("", "namespaces", "shop", "shop", "")),
        ("/api/v1/namespaces/shop/finalize", ("", "namespaces", "shop", "shop", "finalize")),
        ("/api/v1/namespaces/shop/pods", ("", "pods", "shop", "", "")),
        ("/api/v1/namespaces/shop/pods/web/log", ("", "pods", "shop", "web", "log")),
        (
            "/apis/apps/v1/namespaces/shop/deployments/web/scale",
            ("apps", "deployments", "shop", "web", "scale"),
        ),
        ("/api/v1/nodes/n1", ("", "nodes", "", "n1", "")),
        ("/apis/metrics.k8s.io/v1beta1/nodes", ("metrics.k8s.io", "nodes", "", "", "")),
    ],
)
def test_a_path_leads_to_its_target(path: str, expected: tuple[str, ...]) -> None:
    target = find_target(path)
    assert target is not None
    assert (
        target.group,
        target.resource.name,
        target.namespace,
        target.name,
        target.subresource,
    ) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/v1",
        "/api/v2/pods",
        "/apis/apps/v1/pods",
        "/api/v1/namespaces/shop/widgets",
        "/api/v1/pods/web",
        "/api/v1/nodes/n1/scale",
        "/api/v1/namespaces/shop/pods//log",
        "/healthz",
    ],
)
def test_other_paths_lead_to_none(path: str) -> None:
    assert find_target(path) is None
