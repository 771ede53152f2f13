// The fleet and what fires now: read once, then kept up by the hub's event stream.
"use strict";

const RETRY_MS = 3000;
const SILENCE_MS = 45_000; // three of the hub's keep-alive comments
const AGE_REFRESH_MS = 5000;
const REFRESH_AFTER_EVENT_MS = 1000;
const SHOWN_CHANGES = 12;
const SEVERITIES = ["critical", "warning", "info"];

const state = { token: "", clusters: [], alerts: new Map(), changes: [], numbered: 0 };
const element = (id) => document.getElementById(id);

class Unauthorized extends Error {}

// --- the hub -----------------------------------------------------------------------------------------------------

async function ask(path, options = {}) {
  const answer = await fetch(`/api/v1${path}`, { ...options, headers: { Authorization: `Bearer ${state.token}` } });
  if (answer.status === 401) throw new Unauthorized((await answer.json()).detail);
  if (!answer.ok) throw new Error(`the hub answered ${answer.status}`);
  return answer;
}

async function refresh() {
  const [clusters, alerts] = await Promise.all(
    ["/clusters", "/alerts"].map((path) => ask(path).then((answer) => answer.json())),
  );
  state.clusters = clusters.items;
  state.alerts = new Map(alerts.items.map((alert) => [alert.fingerprint, alert]));
  draw();
}

async function follow() {
  const connection = new AbortController();
  let silence = 0;
  const heard = () => { clearTimeout(silence); silence = setTimeout(() => connection.abort(), SILENCE_MS); };
  try {
    heard();
    const answer = await ask("/stream", { signal: connection.signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    // From the first words on nothing is missed: what is read now is kept up by what follows.
    let { value, done } = await reader.read();
    await refresh();
    showFleet();
    for (let rest = ""; !done; ({ value, done } = await reader.read())) {
      heard();
      const messages = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = messages.pop();
      messages.forEach(receive);
    }
  } finally {
    clearTimeout(silence);
    connection.abort();
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
    state.numbered += 1;
    state.changes.unshift({ ...body, key: String(state.numbered) });
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
  // A refresh that fails is made up for by the next connection.
  refreshing ||= setTimeout(() => { refreshing = 0; refresh().catch(() => {}); }, REFRESH_AFTER_EVENT_MS);
}

// --- drawing -----------------------------------------------------------------------------------------------------

// What stays the same is not touched: selections, open details and screen readers are left in peace.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function fill(part, texts) {
  for (const [field, text] of Object.entries(texts)) setText(part.querySelector(`[data-field=${field}]`), text);
}

function drawList(parent, template, items, keyOf, update) {
  const known = new Map([...parent.children].map((part) => [part.dataset.key, part]));
  items.forEach((item, place) => {
    const key = keyOf(item);
    const part = known.get(key) ?? element(template).content.firstElementChild.cloneNode(true);
    part.dataset.key = key;
    update(part, item);
    if (parent.children[place] !== part) parent.insertBefore(part, parent.children[place] ?? null);
  });
  while (parent.children.length > items.length) parent.lastElementChild.remove();
}

function age(time) {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time)) / 1000));
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two(Math.floor(seconds / 3600) % 24)}h`;
}

const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function drawCluster(tile, cluster) {
  const isConnected = cluster.agentState === "connected";
  const isDown = cluster.agentState === "lost" || cluster.apiServerReachable === false;
  const denied = (cluster.watches ?? []).filter((watch) => watch.state === "denied").map((watch) => watch.kind);
  tile.className = isDown ? "down" : cluster.alerts || denied.length || !isConnected ? "trouble" : "";
  const faults = [
    isConnected ? "" : cluster.agentReason,
    isConnected && cluster.apiServerReachable === false ? `API server: ${cluster.apiServerMessage || "no answer"}` : "",
    denied.length ? `may not watch ${denied.join(", ")}` : "",
  ];
  fill(tile, {
    name: cluster.name,
    agent: isConnected ? cluster.kubernetesVersion || "connected" : `agent ${cluster.agentState.replaceAll("_", " ")}`,
    firing: `${cluster.alerts} firing`,
    nodes: count(cluster.nodes, "node"),
    pods: count(cluster.pods, "pod"),
    fault: faults.filter(Boolean).join(" · "),
  });
  tile.querySelector("[data-field=firing]").className = cluster.alerts ? "firing" : "";
}

function drawAlert(row, { labels, annotations, startsAt }) {
  fill(row, {
    severity: labels.severity ?? "",
    alertname: labels.alertname ?? "",
    cluster: labels.cluster ?? "",
    namespace: labels.namespace ?? "",
    subject: labels.workload ?? labels.pod ?? labels.node ?? "",
    since: age(startsAt),
    summary: annotations.summary ?? "",
    description: annotations.description ?? "",
  });
  row.firstElementChild.className = SEVERITIES.includes(labels.severity) ? labels.severity : "";
  const since = row.querySelector("time");
  since.dateTime = startsAt;
  since.title = new Date(startsAt).toLocaleString();
  const link = row.querySelector("a");
  if (/^https?:\/\//.test(annotations.runbook_url)) link.href = annotations.runbook_url;
  else link.removeAttribute("href");
}

function drawChange(line, change) {
  const time = line.querySelector("time");
  time.dateTime = change.time;
  fill(line, {
    time: new Date(change.time).toLocaleTimeString("en-GB"),
    cluster: change.cluster,
    operation: change.operation,
    object: `${change.kind} ${change.namespace ? `${change.namespace}/` : ""}${change.name}`,
  });
  line.className = change.operation;
}

function compareUrgency(one, other) {
  const rank = (alert) => SEVERITIES.indexOf(alert.labels.severity) + 1 || SEVERITIES.length + 1;
  return rank(one) - rank(other) || other.startsAt.localeCompare(one.startsAt);
}

function draw() {
  const alerts = [...state.alerts.values()].sort(compareUrgency);
  drawList(element("clusters"), "cluster-tile", state.clusters, (cluster) => cluster.name, drawCluster);
  drawList(element("alerts"), "alert-row", alerts, (alert) => alert.fingerprint, drawAlert);
  drawList(element("changes"), "change-line", state.changes, (change) => change.key, drawChange);
  element("no-clusters").hidden = state.clusters.length > 0;
  element("no-alerts").hidden = alerts.length > 0;
  element("alerts-table").hidden = alerts.length === 0;
  element("no-changes").hidden = state.changes.length > 0;
  const critical = alerts.filter((alert) => alert.labels.severity === "critical").length;
  setText(
    element("summary"),
    `${count(state.clusters.length, "cluster")} · ${alerts.length} firing${critical ? ` · ${critical} critical` : ""}`,
  );
  document.title = alerts.length ? `(${alerts.length}) Farwatch` : "Farwatch";
}

function setLink(text, look) {
  setText(element("link"), text);
  element("link").className = look;
}

// --- life --------------------------------------------------------------------------------------------------------

function showFleet() {
  element("login").hidden = true;
  element("main").hidden = false;
  sessionStorage.setItem("token", state.token);
  setLink("live", "live");
}

function showLogin(reason) {
  element("main").hidden = true;
  element("login").hidden = false;
  setText(element("login-error"), reason);
  setText(element("summary"), "");
  setLink("", "");
  element("token").focus();
}

async function run() {
  setLink("connecting …", "");
  for (;;) {
    try {
      await follow();
    } catch (error) {
      if (error instanceof Unauthorized) return showLogin(error.message);
    }
    setLink("the hub does not answer; what you see may be old", "down");
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

let isRunning = false;
async function open(token) {
  state.token = token;
  if (isRunning) return;
  isRunning = true;
  await run();
  isRunning = false;
}

element("login").addEventListener("submit", (event) => {
  event.preventDefault();
  open(element("token").value.trim());
});

// A link may carry the token behind '#', which browsers never send; it is taken out of the address at once.
function takeTokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return false;
  sessionStorage.setItem("token", token);
  history.replaceState(null, "", location.pathname);
  return true;
}

addEventListener("hashchange", () => { if (takeTokenFromAddress()) location.reload(); });
setInterval(() => { if (!element("main").hidden) scheduleDraw(); }, AGE_REFRESH_MS);
takeTokenFromAddress();
const token = sessionStorage.getItem("token");
if (token) open(token); else showLogin("");
