from __future__ import annotations

from pathlib import Path

import pytest

INDEX = (
    '<!doctype html><html lang="en"><head><meta property="csp-nonce" nonce="__CSP_NONCE__">'
    '<script type="module" nonce="__CSP_NONCE__" src="/console/assets/index-1a2b.js"></script></head></html>'
)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build leaves, made small."""
    folder = tmp_path / "dist"
    assets = folder / "console" / "assets"
    assets.mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "console" / "icon.svg").write_text("<svg/>")
    (assets / "index-1a2b.js").write_text("console.log('farwatch')\n" * 100)
    (assets / "inter-3c4d.woff2").write_bytes(b"wOF2")
    return folder
