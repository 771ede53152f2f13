/** Conditions on labels as routes, silences and filters have them: `severity="critical"`, `team=~"a|b"`. */

export const OPERATORS = ["=", "!=", "=~", "!~"] as const;

export type Operator = (typeof OPERATORS)[number];

export const OPERATOR_WORDS: Record<Operator, string> = {
  "=": "is",
  "!=": "is not",
  "=~": "matches the regular expression",
  "!~": "does not match the regular expression",
};

export interface Matcher {
  name: string;
  operator: Operator;
  value: string;
}

/** A text that is no matcher, and why. */
export class MatcherError extends Error {}

const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const WRITTEN = /^\s*("(?:[^"\\]|\\.)*"|[^\s{}!=~,\\"'`]+)\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;
const QUOTED = /^"(?:[^"\\]|\\.)*"$/s;

/** A matcher from its text. Throws a `MatcherError` that says what is missing. */
export function parseMatcher(text: string): Matcher {
  const found = WRITTEN.exec(text);
  if (found === null) throw new MatcherError('Write a label, an operator and a value: severity="critical"');
  const [, name = "", operator = "=", rest = ""] = found;
  const value = readValue(rest);
  const label = name.startsWith('"') ? unquote(name) : name;
  if (label === "") throw new MatcherError("The label has no name");
  if (isRegex(operator as Operator)) checkRegex(value);
  return { name: label, operator: operator as Operator, value };
}

/** Whether a text can be read as a matcher. */
export function isMatcher(text: string): boolean {
  try {
    parseMatcher(text);
    return true;
  } catch {
    return false;
  }
}

/** As the hub writes it; what `parseMatcher` reads gives the same again. */
export function formatMatcher({ name, operator, value }: Matcher): string {
  return `${formatName(name)}${operator}${quote(value)}`;
}

/** A label's name as it stands in a matcher. */
export function formatName(name: string): string {
  return PLAIN_NAME.test(name) ? name : quote(name);
}

/** The text of a matcher as the hub writes it; a text that is none stays as it is. */
export function tidyMatcher(text: string): string {
  try {
    return formatMatcher(parseMatcher(text));
  } catch {
    return text.trim();
  }
}

/** Matchers out of one text, as silences have them: `{a="b", c=~"d|e"}`. What is none of them stays a part by itself. */
export function splitMatchers(text: string): string[] {
  const inner = text.trim().replace(/^\{(.*)\}$/s, "$1");
  const parts: string[] = [];
  let part = "";
  let isQuoted = false;
  for (let place = 0; place < inner.length; place += 1) {
    const character = inner.charAt(place);
    if (isQuoted && character === "\\") {
      part += character + inner.charAt(place + 1);
      place += 1;
      continue;
    }
    if (character === '"') isQuoted = !isQuoted;
    if (character === "," && !isQuoted) {
      parts.push(part);
      part = "";
    } else part += character;
  }
  parts.push(part);
  return parts.map((one) => one.trim()).filter((one) => one !== "");
}

export function joinMatchers(texts: readonly string[]): string {
  return texts.join(", ");
}

/** What chooses alerts with exactly these values. */
export function matchersOf(labels: Record<string, string>): string[] {
  return Object.entries(labels)
    .toSorted(([one], [other]) => rankLabel(one) - rankLabel(other) || one.localeCompare(other))
    .map(([name, value]) => formatMatcher({ name, operator: "=", value }));
}

/** The matchers that hold for all of some label sets: each label that all of them have, with every value it takes. */
export function commonMatchers(labelSets: readonly Record<string, string>[]): string[] {
  const [first, ...others] = labelSets;
  if (first === undefined) return [];
  if (others.length === 0) return matchersOf(first);
  const shared: string[] = [];
  for (const name of Object.keys(first).toSorted((one, other) => rankLabel(one) - rankLabel(other))) {
    const values = [...new Set(labelSets.map((labels) => labels[name]))].filter((one) => one !== undefined);
    if (labelSets.some((labels) => labels[name] === undefined) || values.length > MOST_VALUES) continue;
    const value = values.length === 1 ? (values[0] ?? "") : values.map(escapeRegex).toSorted().join("|");
    shared.push(formatMatcher({ name, operator: values.length === 1 ? "=" : "=~", value }));
  }
  return shared;
}

/** More values than that do not make a matcher that people can read. */
const MOST_VALUES = 20;

const FIRST_LABELS = [
  "alertname",
  "severity",
  "cluster",
  "namespace",
  "workload_kind",
  "workload",
  "pod",
  "node",
  "container",
];

/** The place of a label in order: what says most about an alert comes first. */
export function rankLabel(name: string): number {
  const place = FIRST_LABELS.indexOf(name);
  return place < 0 ? FIRST_LABELS.length : place;
}

export function isRegex(operator: Operator): boolean {
  return operator === "=~" || operator === "!~";
}

export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function readValue(text: string): string {
  if (!text.startsWith('"')) {
    if (text.includes('"')) throw new MatcherError("The value has a quote within: write it between quotes");
    return text;
  }
  if (!QUOTED.test(text)) throw new MatcherError("The value's closing quote is missing");
  return unquote(text);
}

/** Only what no engine takes: the hub's own has a syntax of its own, and the last word. */
function checkRegex(value: string): void {
  let depth = 0;
  for (let place = 0; place < value.length; place += 1) {
    const character = value.charAt(place);
    if (character === "\\") place += 1;
    else if (character === "[") {
      const end = value.indexOf("]", place + 2);
      if (end < 0) throw new MatcherError("The regular expression's ] is missing");
      place = end;
    } else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    if (depth < 0) throw new MatcherError("The regular expression has a ) too many");
  }
  if (depth > 0) throw new MatcherError("The regular expression's ) is missing");
}

function quote(text: string): string {
  return `"${text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"')}"`;
}

function unquote(text: string): string {
  return text
    .slice(1, -1)
    .replace(/\\(.)/gs, (whole, character: string) =>
      character === "n" ? "\n" : character === '"' || character === "\\" ? character : whole,
    );
}
