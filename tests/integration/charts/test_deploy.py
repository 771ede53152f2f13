"""deploy.sh: with programs that only write down how they were called, and with real ones against a cluster."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import helm_python as helm
import pytest
import yaml

from ..conftest import Stage, eventually
from .charts import CHARTS, Chart, faults, secret_data
from .cluster import KUBECTL, Cluster

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("hub-chart")]

ROOT = CHARTS.parent
SCRIPT = ROOT / "deploy.sh"
WEBHOOK = "https://hooks.slack.com/services/T000/B000/hunter2"

FAKE = """#!/bin/sh
for word in "$@"; do printf '%s ' "$word"; done | sed "s|^|$(basename "$0") |; s| $||" >> "$CALLS"
echo >> "$CALLS"
case "$(basename "$0") $*" in
    *"create secret generic"*) cat > "$CALLS.stdin"; echo "kind: Secret" ;;
    *"apply -f -"*) cat > /dev/null ;;
    *"get secret"*) exit ${HAS_SECRET:-1} ;;
    "kubectl version"*) exit ${NO_CLUSTER:-0} ;;
    "helm status"*) exit ${NO_RELEASE:-0} ;;
    "helm upgrade"*) exit ${NOT_READY:-0} ;;
esac
"""


class Run:
    """What a run of the script said and did."""

    def __init__(self, code: int, said: str, calls: list[str], stdin: str) -> None:
        self.code = code
        self.said = said
        self.calls = calls
        self.stdin = stdin

    def called(self, *words: str) -> list[str]:
        return [call for call in self.calls if all(word in call for word in words)]


class Desk:
    """A shell with fake programs on its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = SCRIPT
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        for tool in ("sh", "dirname", "basename", "sed", "cat", "stty"):
            found = shutil.which(tool)
            assert found
            (self.bin / tool).symlink_to(found)
        for name in ("helm", "kubectl"):
            self.put(name, FAKE)

    def put(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, *arguments: str, typed: str | None = None, **environment: str) -> Run:
        """Run it, at a terminal where something is typed."""
        calls = self.folder / "calls"
        calls.write_text("")
        variables = {"PATH": str(self.bin), "CALLS": str(calls), **environment}
        code, said = (
            self._run_piped(arguments, variables)
            if typed is None
            else self._run_typed(arguments, typed, variables)
        )
        stdin = Path(f"{calls}.stdin")
        written = stdin.read_text() if stdin.exists() else ""
        stdin.unlink(missing_ok=True)
        return Run(code, said, [line for line in calls.read_text().splitlines() if line], written)

    def _run_piped(self, arguments: tuple[str, ...], variables: dict[str, str]) -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/sh", self.script, *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    def _run_typed(
        self, arguments: tuple[str, ...], typed: str, variables: dict[str, str]
    ) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["/bin/sh", self.script, *arguments], env=variables, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        said = b""
        asked = False
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            said += chunk
            if not asked and (b"): " in said or b"[y/N] " in said):
                asked = True
                os.write(ours, typed.encode() + b"\n")
        os.close(ours)
        return process.wait(60), said.decode()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- installing -------------------------------------------------------------------------------------------------


def test_it_installs_both_waits_and_says_how_to_get_in(desk: Desk) -> None:
    run = desk.run(SLACK_WEBHOOK_URL=WEBHOOK)
    assert run.code == 0, run.said
    assert run.called("helm dependency build", "charts/farwatch")
    (upgrade,) = run.called("helm upgrade --install farwatch ")
    for words in ("--namespace farwatch", "-f", "deploy/slack.yaml", "--wait --timeout 10m"):
        assert words in upgrade
    assert run.called("-n farwatch rollout status statefulset/farwatch-hub")
    assert run.called("-n farwatch rollout status deployment/farwatch-agent")
    assert "port-forward service/farwatch-hub" in run.said
    assert "get secret farwatch-hub-admin" in run.said


def test_the_webhook_goes_into_a_secret_by_stdin_and_is_shown_nowhere(desk: Desk) -> None:
    run = desk.run("watch", "ops", SLACK_WEBHOOK_URL=WEBHOOK)
    assert run.stdin == WEBHOOK
    assert "hunter2" not in run.said + "".join(run.calls)
    (made,) = run.called("create secret generic farwatch-receivers")
    assert made.startswith("kubectl -n ops ")
    assert run.called("label secret farwatch-receivers", "app.kubernetes.io/instance=watch")
    assert run.called("helm upgrade --install watch ", "--namespace ops")


def test_it_asks_for_the_webhook_and_does_not_echo_it(desk: Desk) -> None:
    run = desk.run(typed=WEBHOOK)
    assert run.code == 0, run.said
    assert "Slack webhook to tell of alerts (not shown; empty for none):" in run.said
    assert run.stdin == WEBHOOK
    assert "hunter2" not in run.said


def test_nobody_is_asked_twice(desk: Desk) -> None:
    run = desk.run(HAS_SECRET="0")
    assert run.code == 0
    assert "farwatch-receivers is used again" in run.said
    assert not run.called("create secret")
    assert run.called("helm upgrade", "deploy/slack.yaml")


@pytest.mark.parametrize("typed", ["", None])
def test_without_a_webhook_it_installs_all_the_same(desk: Desk, typed: str | None) -> None:
    run = desk.run(typed=typed)
    assert run.code == 0, run.said
    assert not run.called("create secret")
    assert run.called("helm upgrade")
    assert not run.called("slack.yaml")


@pytest.mark.parametrize(
    "webhook", ["hooks.slack.com/x", "http://hooks.slack.com/x", "https://", "https://a b", "https://a'b"]
)
def test_what_is_no_webhook_is_refused_without_showing_it(desk: Desk, webhook: str) -> None:
    run = desk.run(SLACK_WEBHOOK_URL=webhook)
    assert run.code == 1
    assert "deploy.sh: the Slack webhook" in run.said
    assert (
        webhook not in run.said.replace("https://hooks.slack.com/services/...", "") or webhook == "https://"
    )
    assert not run.called("helm upgrade")


def test_values_of_ones_own_come_last(desk: Desk) -> None:
    files = [desk.folder / name for name in ("my own.yaml", "other.yaml")]
    for file in files:
        file.write_text("{}")
    run = desk.run("-f", str(files[0]), "watch", "--values", str(files[1]), "ops", HAS_SECRET="0")
    (upgrade,) = run.called("helm upgrade --install watch ", "--namespace ops")
    assert f"deploy/slack.yaml -f {files[0]} -f {files[1]} --wait" in upgrade


def test_a_namespace_is_made_only_where_there_is_none(desk: Desk) -> None:
    assert not desk.run().called("create namespace")
    desk.put("kubectl", FAKE.replace("esac", '    *"get namespace"*) exit 1 ;;\nesac'))
    assert desk.run("a", "b").called("kubectl create namespace b")


def test_what_does_not_get_ready_is_an_error_that_says_where_to_look(desk: Desk) -> None:
    run = desk.run(NOT_READY="1")
    assert run.code == 1
    assert "deploy.sh: it did not get ready: kubectl -n farwatch describe pods" in run.said
    assert run.called("get pods")


# --- what cannot work -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["helm", "kubectl"])
def test_a_missing_program_is_named_with_where_to_get_it(desk: Desk, missing: str) -> None:
    (desk.bin / missing).unlink()
    run = desk.run()
    assert run.code == 1
    assert run.said.startswith(f"deploy.sh: {missing} is not installed, or not on the PATH: see https://")
    assert not run.calls


def test_a_cluster_that_is_not_reached_is_told(desk: Desk) -> None:
    run = desk.run(NO_CLUSTER="1")
    assert run.code == 1
    assert "kubectl reaches no cluster" in run.said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--clean",), "--clean is no option"),
        (("a", "b", "c"), "c: there is a release and a namespace already"),
        (("Far Watch",), "'Far Watch' cannot be a name in Kubernetes"),
        (("a", "b;id"), "'b;id' cannot be a name in Kubernetes"),
        (("-f",), "-f: name a file of values"),
        (("-f", "/nowhere"), "-f /nowhere: no such file"),
    ],
)
def test_a_wrong_command_line_does_nothing(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    run = desk.run(*arguments)
    assert (run.code, run.calls) == (1, [])
    assert words in run.said


def test_help_tells_what_there_is(desk: Desk) -> None:
    run = desk.run("--help")
    assert run.code == 0
    for words in ("--cleanup [release] [namespace]", "--yes", "SLACK_WEBHOOK_URL"):
        assert words in run.said
    assert not run.calls


# --- cleaning up ------------------------------------------------------------------------------------------------


def test_cleanup_removes_release_volumes_and_secrets_of_this_release_alone(desk: Desk) -> None:
    run = desk.run("--cleanup", "watch", "ops", "--yes")
    assert run.code == 0, run.said
    assert run.called("helm uninstall watch --namespace ops --wait")
    (delete,) = run.called("kubectl -n ops delete persistentvolumeclaims,secrets")
    assert "--selector app.kubernetes.io/instance=watch,app.kubernetes.io/part-of=farwatch" in delete


@pytest.mark.parametrize("typed", ["n", "", "maybe"])
def test_cleanup_asks_before_and_takes_only_a_yes(desk: Desk, typed: str) -> None:
    run = desk.run("--cleanup", typed=typed)
    assert run.code == 1
    assert "nothing was done" in run.said
    assert not run.called("uninstall")
    assert not run.called("delete")
    assert desk.run("--cleanup", typed="y").called("helm uninstall")


def test_cleanup_where_nobody_can_be_asked_needs_a_yes(desk: Desk) -> None:
    run = desk.run("--cleanup")
    assert run.code == 1
    assert "add --yes" in run.said
    assert not run.called("delete")


def test_cleanup_goes_on_where_the_release_is_gone(desk: Desk) -> None:
    run = desk.run("--cleanup", "--yes", NO_RELEASE="1")
    assert run.code == 0
    assert not run.called("uninstall")
    assert run.called("delete persistentvolumeclaims,secrets")


# --- for real ---------------------------------------------------------------------------------------------------


@pytest.fixture
def real(stage: Stage) -> tuple[Cluster, Desk]:
    """A cluster, the real kubectl, and Helm as a library behind the command's name."""
    cluster = Cluster.simulate(stage)
    desk = Desk(stage.folder / "desk")
    # Helm packs charts where they lie: not in the tree that is tested.
    for name in ("charts", "deploy"):
        shutil.copytree(ROOT / name, desk.folder / "a tree" / name)
    desk.script = Path(shutil.copy(SCRIPT, desk.folder / "a tree"))
    assert KUBECTL
    (desk.bin / "kubectl").unlink()
    (desk.bin / "kubectl").symlink_to(KUBECTL)
    command = Path(__file__).with_name("helmcommand.py")
    desk.put("helm", f'#!/bin/sh\nexec {sys.executable} {command} "$@"\n')
    return cluster, desk


def test_it_installs_into_a_cluster_and_cleans_up_after_itself(real: tuple[Cluster, Desk]) -> None:
    cluster, desk = real
    where = {"KUBECONFIG": str(cluster.kubeconfig), "HOME": str(desk.folder), "DEPLOY_TIMEOUT": "60s"}
    before = cluster.lasting()
    for _ in range(2):  # an upgrade is the same again
        run = desk.run("farwatch", "watch", "--yes", SLACK_WEBHOOK_URL=WEBHOOK, **where)
        assert run.code == 0, run.said
    assert secret_data(cluster.get("secret", "farwatch-receivers", "watch")) == {"slack-webhook": WEBHOOK}
    config = yaml.safe_load(
        cluster.get("configmap", "farwatch-hub-alerting", "watch")["data"]["alertmanager.yml"]
    )
    assert config["route"]["receiver"] == "slack"
    assert cluster.get("persistentvolumeclaim", "farwatch-hub-data", "watch")
    cluster.kubectl("-n", "watch", "create", "secret", "generic", "somebody-elses")

    run = desk.run("--cleanup", "farwatch", "watch", "--yes", **where)

    assert run.code == 0, run.said
    assert cluster.lasting() - before == {"Namespace//watch", "Secret/watch/somebody-elses"} | {
        each
        for each in cluster.lasting()
        if each in {"ServiceAccount/watch/default", "ConfigMap/watch/kube-root-ca.crt"}
    }
    eventually(lambda: not cluster.get("persistentvolumeclaims", namespace="watch"), "the volumes are gone")


# --- Flux and Argo CD -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Chart:
    folder = tmp_path_factory.mktemp("charts")
    shutil.copytree(CHARTS, folder, dirs_exist_ok=True)
    helm.dependency_build(folder / "farwatch")
    return Chart(str(folder / "farwatch"))


def test_the_example_for_flux_installs_the_chart_from_its_source(both: Chart) -> None:
    namespace, source, release = yaml.safe_load_all((ROOT / "deploy" / "flux" / "farwatch.yaml").read_text())
    assert faults(namespace) == []
    assert (source["apiVersion"], source["kind"]) == ("source.toolkit.fluxcd.io/v1", "GitRepository")
    assert {"interval", "url", "ref"} == source["spec"].keys()
    assert (release["apiVersion"], release["kind"]) == ("helm.toolkit.fluxcd.io/v2", "HelmRelease")
    chart = release["spec"]["chart"]["spec"]
    assert chart["sourceRef"] == {"kind": source["kind"], "name": source["metadata"]["name"]}
    assert (ROOT / chart["chart"] / "Chart.yaml").is_file()
    assert source["spec"]["ref"]["tag"] == f"v{both.metadata['version']}"
    place = namespace["metadata"]["name"]
    assert {each["metadata"]["namespace"] for each in (source, release)} == {place}
    rendered = both.render(release["spec"]["values"], release="farwatch", namespace=place)
    assert [fault for each in rendered.objects for fault in faults(each)] == []


def test_the_example_for_argo_cd_makes_no_secret_that_would_change_at_each_sync(both: Chart) -> None:
    (application,) = yaml.safe_load_all((ROOT / "deploy" / "argo" / "farwatch.yaml").read_text())
    assert (application["apiVersion"], application["kind"]) == ("argoproj.io/v1alpha1", "Application")
    spec = application["spec"]
    assert {"project", "source", "destination", "syncPolicy"} == spec.keys()
    assert (ROOT / spec["source"]["path"] / "Chart.yaml").is_file()
    assert spec["source"]["targetRevision"] == f"v{both.metadata['version']}"
    values, release = spec["source"]["helm"]["valuesObject"], spec["source"]["helm"]["releaseName"]
    place = spec["destination"]["namespace"]
    first = both.render(values, release=release, namespace=place)
    assert not first.of("Secret")
    again = Chart(str(both.path)).render(values, release=release, namespace=place)
    assert again.objects == first.objects
    assert [fault for each in first.objects for fault in faults(each)] == []


def test_values_for_slack_fit_the_chart_and_the_secret_that_is_made(both: Chart) -> None:
    values = yaml.safe_load((ROOT / "deploy" / "slack.yaml").read_text())
    rendered = both.render(values, release="farwatch")
    config = yaml.safe_load(rendered.find("ConfigMap", "farwatch-hub-alerting")["data"]["alertmanager.yml"])
    (slack,) = config["receivers"][0]["slack_configs"]
    assert slack["api_url_file"] == "/etc/farwatch/secrets/slack-webhook"
    assert values["hub"]["alerting"]["existingSecret"] == "farwatch-receivers"


# --- its shell --------------------------------------------------------------------------------------------------


def test_the_script_is_plain_shell() -> None:
    assert os.access(SCRIPT, os.X_OK)
    for shell in filter(None, map(shutil.which, ("dash", "bash"))):
        options = ["--posix"] if shell.endswith("bash") else []
        assert subprocess.run([shell, *options, "-n", SCRIPT], check=False).returncode == 0


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    done = subprocess.run(["shellcheck", SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
