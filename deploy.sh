#!/bin/sh
# Installs Farwatch into the cluster that kubectl points at, without Flux or Argo CD: the hub, and an agent for this cluster.
#
#   ./deploy.sh [release] [namespace]             install or upgrade; both are called farwatch when not named
#   ./deploy.sh --cleanup [release] [namespace]   remove it, its volumes and its Secrets
#
# Options, before or after: --yes asks nothing; -f FILE hands a file of values to Helm (may be given several times).
# SLACK_WEBHOOK_URL is the Slack webhook to tell; without it you are asked, once: it is kept in a Secret of the cluster.
# DEPLOY_TIMEOUT is how long to wait (10m).
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
chart=$here/charts/farwatch
receivers=farwatch-receivers
timeout=${DEPLOY_TIMEOUT:-10m}

say() { printf '%s\n' "$*"; }
fail() {
    printf 'deploy.sh: %s\n' "$*" >&2
    exit 1
}
usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit "$1"
}

# --- what is asked for ---------------------------------------------------------------------------------------------

action=install
yes=
release=
namespace=
left=$#
# What is for Helm is put behind the words that are still to be read, and is all there is in the end.
while [ "$left" -gt 0 ]; do
    case $1 in
        --cleanup) action=cleanup ;;
        --yes | -y) yes=yes ;;
        -f | --values)
            [ "$left" -gt 1 ] || fail "$1: name a file of values behind it"
            [ -r "$2" ] || fail "$1 $2: no such file"
            set -- "$@" -f "$2"
            shift
            left=$((left - 1))
            ;;
        -h | --help) usage 0 ;;
        -*) fail "$1 is no option; ./deploy.sh --help tells which there are" ;;
        *)
            if [ -z "$release" ]; then
                release=$1
            elif [ -z "$namespace" ]; then
                namespace=$1
            else
                fail "$1: there is a release and a namespace already; ./deploy.sh --help tells more"
            fi
            ;;
    esac
    shift
    left=$((left - 1))
done
release=${release:-farwatch}
namespace=${namespace:-farwatch}
for name in "$release" "$namespace"; do
    case $name in
        *[!a-z0-9-]* | -* | *-) fail "'$name' cannot be a name in Kubernetes: lower case letters, digits and - inside" ;;
    esac
done

need() {
    command -v "$1" >/dev/null 2>&1 || fail "$1 is not installed, or not on the PATH: see $2"
}
need kubectl https://kubernetes.io/docs/tasks/tools/
need helm https://helm.sh/docs/intro/install/
kubectl version >/dev/null 2>&1 ||
    fail "kubectl reaches no cluster: \`kubectl version\` says why; is the right context set? (kubectl config get-contexts)"

confirm() {
    [ -z "$yes" ] || return 0
    [ -t 0 ] || fail "nobody can be asked here: add --yes"
    printf '%s [y/N] ' "$1"
    read -r answer || answer=
    case $answer in y | Y | yes) ;; *) fail "nothing was done" ;; esac
}

in_namespace() { kubectl -n "$namespace" "$@"; }

# --- install -------------------------------------------------------------------------------------------------------

# Asks for the webhook unless it is known, and puts it into the Secret. It is never an argument of a process.
keep_webhook() {
    webhook=${SLACK_WEBHOOK_URL:-}
    if [ -z "$webhook" ]; then
        if in_namespace get secret "$receivers" >/dev/null 2>&1; then
            say "Slack: the webhook in Secret $receivers is used again (SLACK_WEBHOOK_URL sets another)."
            return 0
        fi
        if [ -n "$yes" ] || [ ! -t 0 ]; then
            say "Slack: no webhook (SLACK_WEBHOOK_URL is not set): nobody is told of alerts yet."
            return 1
        fi
        trap 'stty echo; exit 130' INT TERM
        # Before it is asked for: who types fast would see it otherwise.
        stty -echo
        printf 'Slack webhook to tell of alerts (not shown; empty for none): '
        read -r webhook || webhook=
        stty echo
        trap - INT TERM
        printf '\n'
        [ -n "$webhook" ] || return 1
    fi
    case $webhook in
        *[!-A-Za-z0-9._~:/?\&=%+]*) fail "the Slack webhook holds a character that no address has" ;;
        https://?*) ;;
        *) fail "the Slack webhook is no address such as https://hooks.slack.com/services/..." ;;
    esac
    printf '%s' "$webhook" | in_namespace create secret generic "$receivers" \
        --from-file=slack-webhook=/dev/stdin --dry-run=client -o yaml | in_namespace apply -f - >/dev/null
    in_namespace label secret "$receivers" "app.kubernetes.io/instance=$release" app.kubernetes.io/part-of=farwatch \
        --overwrite >/dev/null
    say "Slack: the webhook is kept in Secret $receivers."
}

install() {
    say "Farwatch: release $release in namespace $namespace of $(kubectl config current-context 2>/dev/null || say 'this cluster')"
    helm dependency build "$chart" >/dev/null || fail "the chart cannot be put together: helm says why above"
    in_namespace get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace" >/dev/null
    if keep_webhook; then
        set -- -f "$here/deploy/slack.yaml" "$@"
    fi
    say "Installing, and waiting up to $timeout until all is ready ..."
    helm upgrade --install "$release" "$chart" --namespace "$namespace" "$@" --wait --timeout "$timeout" >/dev/null || {
        in_namespace get pods >&2 || true
        fail "it did not get ready: kubectl -n $namespace describe pods, and kubectl -n $namespace logs statefulset/farwatch-hub"
    }
    in_namespace rollout status statefulset/farwatch-hub --timeout="$timeout"
    in_namespace rollout status deployment/farwatch-agent --timeout="$timeout"
    say ""
    say "Farwatch is there, and watches this cluster."
    say "  Look at it     kubectl -n $namespace port-forward service/farwatch-hub 8080:8080    # http://127.0.0.1:8080"
    say "  Admin's token  kubectl -n $namespace get secret farwatch-hub-admin -o go-template='{{.data.ADMIN_TOKEN | base64decode}}'"
    say "  Remove it      ./deploy.sh --cleanup $release $namespace"
}

# --- cleanup -------------------------------------------------------------------------------------------------------

cleanup() {
    confirm "Remove release $release from namespace $namespace, with all that Farwatch knows (volumes, Secrets)?"
    if helm status "$release" --namespace "$namespace" >/dev/null 2>&1; then
        helm uninstall "$release" --namespace "$namespace" --wait --timeout "$timeout"
    else
        say "There is no release $release in namespace $namespace; what it left is removed."
    fi
    # Claims are kept by an uninstall, and the webhook's Secret was made here. Nothing without these labels is touched.
    mine="app.kubernetes.io/instance=$release,app.kubernetes.io/part-of=farwatch"
    in_namespace delete persistentvolumeclaims,secrets --selector "$mine" --ignore-not-found
    say "Farwatch is removed. The namespace $namespace is left; kubectl delete namespace $namespace removes it."
}

$action "$@"
