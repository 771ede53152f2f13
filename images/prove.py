"""Runs a Dockerfile's steps where there is no container engine: each stage in a chroot made by debootstrap, as root.

    python images/prove.py images/agent.Dockerfile --root /tmp/prove [--run agent --help]

It knows the instructions that our files use, and stops at any other. In place of the base image stands Debian bookworm with
its Python 3.11 under the names that the base image has: what is proven is that the steps follow from one another, that
everything they need is named, and that what comes out runs as the user, without a network of its own and without a place to
write. What is not: the base image itself, and the layers an engine would make.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import NoReturn

RELEASE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
MIRROR = "http://deb.debian.org/debian"
NO_USER = "0:0"


class Step:
    """One instruction: its name, and what stands after it."""

    def __init__(self, text: str) -> None:
        self.name, _, self.rest = text.partition(" ")
        self.rest = self.rest.strip()


@dataclass
class Stage:
    """A stage as it is being built: its root, and what the instructions so far have set."""

    root: Path
    environment: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    )
    arguments: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = NO_USER
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def expand(self, text: str) -> str:
        """The text with ``$NAME`` and ``${NAME}`` replaced."""
        known = self.arguments | self.environment
        return re.sub(r"\$\{?(\w+)\}?", lambda found: known.get(found[1], ""), text)


def read(dockerfile: Path) -> list[Step]:
    """The instructions, continued lines joined, comments left out."""
    lines = (line for line in dockerfile.read_text().splitlines() if not line.lstrip().startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    return [Step(line.strip()) for line in joined.splitlines() if line.strip()]


def make_base(root: Path) -> Path:
    """What stands for the base image, made once: Debian's Python under the name that the image gives it."""
    base = root / "base"
    if not base.exists():
        run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(base), MIRROR])
        (base / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        for name in ("etc/pip.conf", "etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
            if Path("/", name).exists():
                shutil.copy(Path("/", name), base / name)
    return base


def build(dockerfile: Path, context: Path, root: Path) -> Stage:
    """Runs every step; the last stage."""
    base, stages, defaults = make_base(root), dict[str, Stage](), dict[str, str]()
    stage: Stage | None = None
    for number, step in enumerate(read(dockerfile), 1):
        print(f"[{number}] {step.name} {step.rest}", flush=True)
        if step.name == "ARG" and stage is None:
            defaults.update([step.rest.split("=", 1)])
        elif step.name == "FROM":
            _, _, name = step.rest.partition(" AS ")
            stage = stages[name or "final"] = Stage(root / (name or "final"))
            shutil.rmtree(stage.root, ignore_errors=True)
            run(["cp", "--archive", "--reflink=auto", str(base), str(stage.root)])
        elif stage is None:
            fail(f"{step.name} before FROM")
        else:
            take(step, stage, stages, context)
    return stage or fail(f"{dockerfile} has no FROM")


def take(step: Step, stage: Stage, stages: dict[str, Stage], context: Path) -> None:
    match step.name:
        case "ARG":
            stage.arguments.update([step.rest.split("=", 1)])
        case "ENV":
            stage.environment.update(pair.split("=", 1) for pair in map(stage.expand, shlex.split(step.rest)))
        case "WORKDIR":
            stage.folder = step.rest
            (stage.root / step.rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "USER":
            stage.user = step.rest
        case "RUN":
            inside(stage, ["sh", "-ec", step.rest], network=True)
        case "COPY":
            copy(step.rest, stage, stages, context)
        case "ENTRYPOINT":
            stage.entrypoint = words(step.rest)
        case "CMD":
            stage.command = words(step.rest)
        case "LABEL" | "EXPOSE" | "VOLUME":
            pass
        case _:
            fail(f"{step.name} is not known here")


def copy(rest: str, stage: Stage, stages: dict[str, Stage], context: Path) -> None:
    options = dict(re.findall(r"--(\w+)=(\S+)", rest))
    *sources, target = re.sub(r"--\w+=\S+\s*", "", rest).split()
    into = stage.root / Path(stage.folder, target).as_posix().lstrip("/")
    for source in sources:
        found = stages[options["from"]].root / source.lstrip("/") if "from" in options else context / source
        if "from" not in options and ignored(context, source):
            fail(f".dockerignore leaves out {source}")
        goal = into / found.name if target.endswith("/") or len(sources) > 1 else into
        goal.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(
                found, goal, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy2(found, goal)
        if "chown" in options:
            run(["chown", "--recursive", options["chown"], str(goal)])


def ignored(context: Path, source: str) -> bool:
    """Whether .dockerignore keeps a file from the build, by its last pattern that fits."""
    out = False
    for line in (context / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and fnmatch(source, pattern.lstrip("!")):
            out = not pattern.startswith("!")
    return out


def inside(stage: Stage, command: list[str], *, network: bool) -> None:
    """Runs a command in a stage as its user; without ``network`` it has none but a loopback of its own."""
    proxied = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
    environment = (proxied | stage.arguments if network else {}) | stage.environment
    wrapped = ["chroot", f"--userspec={stage.user}", str(stage.root), "env", "-i"]
    wrapped += [f"{name}={value}" for name, value in environment.items()]
    wrapped += ["sh", "-c", f"cd {shlex.quote(stage.folder)} && exec {shlex.join(command)}"]
    run(wrapped if network else ["unshare", "--net", *wrapped])


def words(rest: str) -> list[str]:
    """The exec form: a JSON list."""
    if not rest.startswith("["):
        fail(f"{rest}: the exec form is expected, since a shell would not pass SIGTERM on")
    return [word.strip().strip('"') for word in rest.strip("[]").split(",")]


def run(command: list[str]) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        fail(f"{shlex.join(command)} ended with {done.returncode}")


def fail(reason: str) -> NoReturn:
    sys.exit(f"prove: {reason}")


def writable(stage: Stage) -> Iterator[str]:
    """What of the image belongs to the user or to everybody, and could be written by it; /tmp and the like aside."""
    user = int(stage.user.partition(":")[0])
    for folder, _, files in os.walk(stage.root / "opt/farwatch"):
        for name in (folder, *(f"{folder}/{file}" for file in files)):
            found = os.lstat(name)
            if found.st_uid == user or (found.st_mode & 0o002 and not Path(name).is_symlink()):
                yield name


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dockerfile", type=Path)
    parser.add_argument(
        "--root", type=Path, required=True, help="a folder for the roots, some 2 GB; kept afterwards"
    )
    parser.add_argument("--run", nargs=argparse.REMAINDER, default=[], help="arguments for the entry point")
    given = parser.parse_args()
    if os.geteuid() or not shutil.which("debootstrap"):
        fail("needs root and debootstrap")
    given.root.mkdir(parents=True, exist_ok=True)
    stage = build(given.dockerfile, Path.cwd(), given.root)
    if stage.user.partition(":")[0] in {"0", "root"}:
        fail("the image runs as root")
    if loose := next(writable(stage), None):
        fail(f"the image's user could write {loose}")
    if not (stage.root / "opt/farwatch/sbom.json").stat().st_size:
        fail("there is no SBOM")
    size = subprocess.run(
        ["du", "-sm", stage.root / "opt/farwatch"], capture_output=True, text=True, check=True
    )
    print(
        f"built; /opt/farwatch has {size.stdout.split()[0]} MB; runs as {stage.user}: {shlex.join(given.run)}"
    )
    inside(stage, [*stage.entrypoint, *(given.run or stage.command)], network=False)


if __name__ == "__main__":
    main()
