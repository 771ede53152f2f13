"""A kubeconfig that leads to a simulated cluster."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml


def write_kubeconfig(
    path: Path, server: str, *, name: str = "sim", token: str = "", certificate: Path | None = None
) -> Path:
    """Write a kubeconfig with one context, readable by its owner only; the path it stands at.

    Args:
        path: Where to write it.
        server: The server's URL.
        name: Of cluster, user and context.
        token: The user's bearer token; empty for none.
        certificate: The authority to trust, for https; copied into the kubeconfig.
    """
    cluster: dict[str, Any] = {"server": server}
    if certificate is not None:
        cluster["certificate-authority-data"] = base64.b64encode(certificate.read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"token": token} if token else {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path
