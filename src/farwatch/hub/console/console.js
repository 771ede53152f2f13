// The fleet and what fires now: read once, then kept up by the hub's event stream.
"use strict";

const RETRY_MS = 3000;
const AGE_REFRESH_MS = 5000;
const SHOWN_CHANGES = 12;
const SEVERITIES = ["critical", "warning", "info"];

const state = { token: "", clusters: [], alerts: new Map(), changes: [] };
const element = (id) => document.getElementById(id);

class Unauthorized extends Error {}

async function ask(path, options = {}) {
  const answer = await fetch(`/api/v1${path}`, { ...options, headers: { Authorization: `Bearer ${state.token}` } });
  if (answer.status === 401) throw new Unauthorized((await answer.json()).detail);
  if (!answer.ok) throw new Error(`the hub answered ${answer.status}`);
  return answer;
}

async function refresh() {
  const [clusters, alerts] = await Promise.all([
    ask("/clusters").then((answer) => answer.json()),
    ask("/alerts").then((answer) => answer.json()),
  ]);
  state.clusters = clusters.items;
  state.alerts = new Map(alerts.items.map((alert) => [alert.fingerprint, alert]));
  draw();
}

async function follow() {
  const answer = await ask("/stream");
  setLink("live", false);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the stream ended");
    const messages = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = messages.pop();
    messages.forEach(receive);
  }
}

function receive(message) {
  let type = "";
  let data = "";
  for (const line of message.split("\n")) {
    if (line.startsWith("event: ")) type = line.slice(7);
    if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (!data) return;
  const body = JSON.parse(data);
  if (type === "alert") {
    if (body.status === "firing") state.alerts.set(body.fingerprint, body);
    else state.alerts.delete(body.fingerprint);
    scheduleDraw();
    scheduleRefresh();
  } else if (type === "change" && body.kind !== "Event") {
    state.changes.unshift(body);
    state.changes.length = Math.min(state.changes.length, SHOWN_CHANGES);
    scheduleDraw();
  } else if (type === "cluster" || type === "lost") {
    scheduleRefresh();
  }
}

let drawing = 0;
function scheduleDraw() {
  drawing ||= requestAnimationFrame(() => { drawing = 0; draw(); });
}

let refreshing = 0;
function scheduleRefresh() {
  refreshing ||= setTimeout(() => { refreshing = 0; refresh().catch(() => {}); }, 1000);
}

// --- drawing ---------------------------------------------------------------------------------------------------

function make(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function age(time) {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}m`;
  return `${Math.floor(seconds / 86400)}d${String(Math.floor(seconds / 3600) % 24).padStart(2, "0")}h`;
}

function drawCluster(cluster) {
  const tile = make("li", "", cluster.agentState === "lost" ? "lost" : cluster.alerts ? "trouble" : "");
  tile.append(
    make("strong", cluster.name),
    make("span", `${cluster.nodes} nodes · ${cluster.pods} pods · ${cluster.alerts} firing · agent ${cluster.agentState}`),
  );
  return tile;
}

function drawAlert(alert) {
  const { labels } = alert;
  const row = document.createElement("tr");
  const since = make("td", age(alert.startsAt));
  since.title = alert.startsAt;
  const what = make("td", alert.annotations.summary ?? "");
  what.title = alert.annotations.description ?? "";
  row.append(
    make("td", labels.severity ?? "", labels.severity),
    make("td", labels.alertname),
    make("td", labels.cluster ?? ""),
    make("td", labels.namespace ?? ""),
    make("td", labels.workload ?? labels.pod ?? labels.node ?? ""),
    since,
    what,
  );
  return row;
}

function urgency(one, other) {
  const rank = (alert) => (SEVERITIES.indexOf(alert.labels.severity) + 1 || 9);
  return rank(one) - rank(other) || other.startsAt.localeCompare(one.startsAt);
}

function draw() {
  const alerts = [...state.alerts.values()].sort(urgency);
  element("clusters").replaceChildren(...state.clusters.map(drawCluster));
  if (!state.clusters.length) element("clusters").append(make("li", "No clusters yet: farwatch cluster add NAME"));
  element("alerts").replaceChildren(...alerts.map(drawAlert));
  element("no-alerts").hidden = alerts.length > 0;
  element("changes").replaceChildren(...state.changes.map((change) => make(
    "li",
    `${change.time.slice(11, 19)}  ${change.cluster}  ${change.operation}  ${change.kind} ${change.namespace ? `${change.namespace}/` : ""}${change.name}`,
  )));
  const critical = alerts.filter((alert) => alert.labels.severity === "critical").length;
  element("summary").textContent = `${state.clusters.length} clusters, ${alerts.length} firing, ${critical} critical`;
  document.title = alerts.length ? `(${alerts.length}) Farwatch` : "Farwatch";
}

function setLink(text, down) {
  element("link").textContent = text;
  element("link").className = down ? "down" : "";
}

// --- life ------------------------------------------------------------------------------------------------------

function logIn(reason) {
  element("main").hidden = true;
  element("login").hidden = false;
  element("login-error").textContent = reason ?? "";
  element("token").focus();
}

async function run() {
  for (;;) {
    try {
      await refresh();
      element("login").hidden = true;
      element("main").hidden = false;
      sessionStorage.setItem("token", state.token);
      await follow();
    } catch (error) {
      if (error instanceof Unauthorized) return logIn(state.token ? error.message : "");
      setLink("the hub does not answer; what you see may be old", true);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

element("login").addEventListener("submit", (event) => {
  event.preventDefault();
  state.token = element("token").value.trim();
  run();
});
setInterval(scheduleDraw, AGE_REFRESH_MS);

// A link may carry the token behind '#', which browsers never send; it is taken out of the address at once.
const fromLink = new URLSearchParams(location.hash.slice(1)).get("token");
if (fromLink) history.replaceState(null, "", location.pathname);
state.token = fromLink ?? sessionStorage.getItem("token") ?? "";
if (state.token) run(); else logIn("");
