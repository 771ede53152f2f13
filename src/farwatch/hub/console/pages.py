"""The built console as the hub serves it: one page for every address, and the files it needs."""

from __future__ import annotations

import gzip
import mimetypes
import secrets
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

NONCE_PLACE = "__CSP_NONCE__"
"""What the build leaves in the page where each answer's own nonce belongs."""

_NONCE_BYTES = 16

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere: a label or message can never become code. The one exception are style sheets
that the console's own scripts make, known by a nonce that nobody can foresee."""

_NOT_BUILT = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Farwatch: the console is not built</title>
  <link rel="stylesheet" href="/console/plain.css">
</head>
<body>
  <main>
    <h1>The console is not built</h1>
    <p>This hub runs from its sources, where the console is built by Node 20.19 or newer and npm:</p>
    <p><code>make ui</code></p>
    <p>Then load this page again. A wheel carries the console ready. Everything else works without it:
      <code>farwatch alerts</code>, the <a href="/api/schema">API</a>, the <a href="/runbooks">runbooks</a>.</p>
  </main>
</body>
</html>
"""

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


class File(NamedTuple):
    """A file of the console: its content, also as gzip, and what it is."""

    content: bytes
    compressed: bytes
    media_type: str


class Page(NamedTuple):
    """The page, with the policy that goes with it."""

    content: bytes
    policy: str


def policy(nonce: str = "") -> str:
    """The Content-Security-Policy; with a nonce, style sheets that carry it are let in as well."""
    return _POLICY.format(nonce=f" 'nonce-{nonce}'" if nonce else "")


class ConsolePages:
    """What the build has left in ``dist``; where nothing was built, a page that says how to."""

    def __init__(self, folder: Traversable | None = None) -> None:
        self._folder = folder if folder is not None else files(__package__) / "dist"
        self._files: dict[str, File] = {}

    @property
    def is_built(self) -> bool:
        """Whether there is a console to serve."""
        return (self._folder / "index.html").is_file()

    def page(self) -> Page:
        """The one page of the console, whatever the address; read anew, so that a new build shows at once."""
        if not self.is_built:
            return Page(_NOT_BUILT.encode(), policy())
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        text = (self._folder / "index.html").read_text(encoding="utf-8")
        return Page(text.replace(NONCE_PLACE, nonce).encode(), policy(nonce))

    def asset(self, name: str) -> File | None:
        """A file whose name holds its content's hash, so that it is read once; None if there is none."""
        found = self._folder / "console" / "assets" / name if _is_plain(name) else None
        if name not in self._files and found is not None and found.is_file():
            content = found.read_bytes()
            self._files[name] = File(content, gzip.compress(content, mtime=0), media_type(name))
        return self._files.get(name)

    def fixed(self, name: str) -> bytes | None:
        """A file of the console whose name stays the same from build to build; None if there is none."""
        found = self._folder / "console" / name if _is_plain(name) else None
        return found.read_bytes() if found is not None and found.is_file() else None


def media_type(name: str) -> str:
    """What a file is, by the end of its name."""
    ending = "." + name.rpartition(".")[2]
    return _MEDIA_TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _is_plain(name: str) -> bool:
    return bool(name) and not name.startswith(".") and "/" not in name and "\\" not in name
