"""Options that every command about a hub takes."""

from typing import Annotated

import typer

DEFAULT_HUB = "http://127.0.0.1:8080"

Hub = Annotated[str, typer.Option("--hub", envvar="FARWATCH_HUB", help="The hub's address.")]
Token = Annotated[
    str, typer.Option("--token", envvar="FARWATCH_TOKEN", help="An API token.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

Since = Annotated[str, typer.Option("--since", help="From when on: 24h ago, or an ISO time.")]
Until = Annotated[
    str, typer.Option("--until", help="Up to when: 1h ago, or an ISO time.", show_default="now")
]
