"""`farwatch cluster install`: one line that installs a cluster's agent."""

from pathlib import Path
from typing import Annotated, Any

import typer

from farwatch.cli.ending import run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token
from farwatch.cli.reading import read_features, read_image, without_empty


def install_agent(
    name: Annotated[str, typer.Argument(help="The cluster's name.")],
    *,
    mode: Annotated[
        str, typer.Option(help="light: one pod for the cluster's objects; full: a pod on every node as well.")
    ] = "light",
    namespace: Annotated[str, typer.Option(help="The namespace to install into.")] = "farwatch",
    https_proxy: Annotated[str, typer.Option(help="The proxy to an https:// hub.")] = "",
    http_proxy: Annotated[str, typer.Option(help="The proxy to an http:// hub.")] = "",
    no_proxy: Annotated[str, typer.Option(help="What to reach directly, a,b.")] = "",
    watch: Annotated[
        list[str] | None, typer.Option(help="Watch only this namespace; may be given several times.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Watch all but this namespace; may be given several times.")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="A PEM file of the CAs to trust at the hub.")] = None,
    image: Annotated[str, typer.Option(help="Another image: repository[:tag][@digest].")] = "",
    feature: Annotated[
        list[str] | None, typer.Option(help="A feature, name=true or name=false; several times.")
    ] = None,
    values: Annotated[
        Path | None, typer.Option(help="A YAML file with any other values of the chart.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Print what will be applied as well, with the token masked.")
    ] = False,
    command_only: Annotated[
        bool, typer.Option("--command-only", help="Print the one line alone, for scripts.")
    ] = False,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Print one line that installs a cluster's agent; it works once, within an hour."""
    from farwatch.cli.views import install as views  # noqa: PLC0415

    options = without_empty(
        {
            "mode": mode,
            "namespace": namespace,
            "proxy": without_empty({"https": https_proxy, "http": http_proxy, "noProxy": no_proxy}),
            "watchNamespaces": watch,
            "excludeNamespaces": exclude,
            "caBundle": _read_file(ca_file, "--ca-file") if ca_file else "",
            "image": read_image(image),
            "features": read_features(feature or ()),
            "values": _read_values(values) if values else {},
        }
    )
    run(
        views.install_agent(
            hub, token, name, options, preview=preview, command_only=command_only, as_json=as_json
        )
    )


def _read_file(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{option} {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{option} {path} is not text in UTF-8") from None


def _read_values(path: Path) -> dict[str, Any]:
    import yaml  # noqa: PLC0415

    try:
        found = yaml.safe_load(_read_file(path, "--values"))
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"--values {path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise typer.BadParameter(f"--values {path} holds no mapping of values, such as 'replicas: 2'")
    return found
