/**
 * What a cluster may be called and labelled, said while it is typed. Pure.
 *
 * The rules are the hub's (src/farwatch/hub/fleet/records.py and labels.py), which has the last word.
 */

const LONGEST_NAME = 63;
const MOST_LABELS = 32;
const LONGEST_LABEL_NAME = 64;
const LONGEST_LABEL_VALUE = 256;

const RESERVED = new Set([
  "alertname",
  "cluster",
  "container",
  "namespace",
  "node",
  "pod",
  "severity",
  "workload",
  "workload_kind",
]);

/** What is wrong with a cluster's name; undefined when nothing is. */
export function checkClusterName(name: string): string | undefined {
  if (name === "") return "A cluster needs a name, such as prod-eu-1.";
  if (name.length > LONGEST_NAME) return `${name.length} characters are more than ${LONGEST_NAME}.`;
  if (!/^[a-z0-9-]+$/.test(name)) return "Use lower-case letters, digits and dashes alone.";
  if (name.startsWith("-") || name.endsWith("-")) return "It must begin and end with a letter or digit.";
  return undefined;
}

/** Labels as people write them, `env=prod`, in the order of their names. */
export function writeLabels(labels: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(labels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .toSorted();
}

/** The labels that people wrote; what cannot be one is left out: `checkLabels` says so. */
export function readLabels(written: readonly string[]): Record<string, string> {
  const pairs = written.map(split).filter((pair) => pair !== undefined);
  return Object.fromEntries(pairs);
}

/** What is wrong with labels as people wrote them; undefined when nothing is. */
export function checkLabels(written: readonly string[]): string | undefined {
  if (written.length > MOST_LABELS) return `${written.length} labels are more than ${MOST_LABELS}.`;
  const seen = new Set<string>();
  for (const text of written) {
    const pair = split(text);
    if (pair === undefined) return `“${text}” is no label: write name=value.`;
    const [name, value] = pair;
    const fault = checkLabelName(name) ?? checkLabelValue(name, value);
    if (fault !== undefined) return fault;
    if (seen.has(name)) return `The label ${name} is there twice.`;
    seen.add(name);
  }
  return undefined;
}

/** What turns labels into others, as the hub is told: null takes one away. */
export function compareLabels(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const changes: Record<string, string | null> = {};
  for (const name of Object.keys(before)) if (!(name in after)) changes[name] = null;
  for (const [name, value] of Object.entries(after)) if (before[name] !== value) changes[name] = value;
  return changes;
}

function split(text: string): [string, string] | undefined {
  const place = text.indexOf("=");
  return place <= 0 ? undefined : [text.slice(0, place).trim(), text.slice(place + 1).trim()];
}

function checkLabelName(name: string): string | undefined {
  if (name.length > LONGEST_LABEL_NAME || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    return `“${name}” cannot be a label's name: use letters, digits and _, and no digit first.`;
  }
  if (RESERVED.has(name)) return `The label ${name} is the alerts' own: choose another name.`;
  return name.startsWith("__") ? `“${name}” begins with __, which Prometheus keeps for itself.` : undefined;
}

function checkLabelValue(name: string, value: string): string | undefined {
  if (value === "") return `The label ${name} has no value.`;
  return value.length > LONGEST_LABEL_VALUE
    ? `The value of ${name} is longer than ${LONGEST_LABEL_VALUE} characters.`
    : undefined;
}
