/**
 * The state of a view in its address, as plain words: `?severity=critical&severity=warning&q=web`.
 *
 * Routes read theirs with these in `validateSearch`: what an address says that makes no sense falls back silently, so
 * that an old or mistyped link still opens.
 */

export type Search = Record<string, unknown>;

export function parseSearch(text: string): Search {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    found[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return found;
}

export function stringifySearch(search: Search): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one === undefined || one === null || one === "" || one === false) continue;
      pairs.append(name, typeof one === "string" ? one : JSON.stringify(one));
    }
  }
  const text = pairs.toString();
  return text && `?${text}`;
}

/** One word; undefined when there is none. */
export function readText(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === "string" && one !== "" ? one : undefined;
}

/** Several words; undefined when there are none. */
export function readTexts(value: unknown): string[] | undefined {
  const all = (Array.isArray(value) ? value : [value]).filter(
    (one): one is string => typeof one === "string" && one !== "",
  );
  return all.length > 0 ? all : undefined;
}

/** One of some words; undefined for every other. */
export function readOneOf<const T extends string>(value: unknown, choices: readonly T[]): T | undefined {
  const one = readText(value);
  return choices.find((choice) => choice === one);
}

/** A whole number that is not negative; undefined for everything else. */
export function readCount(value: unknown): number | undefined {
  const one = typeof value === "number" ? String(value) : readText(value);
  return one !== undefined && /^\d{1,9}$/.test(one) ? Number(one) : undefined;
}

/** Whether a switch is on. */
export function readFlag(value: unknown): true | undefined {
  return value === true || readText(value) === "true" ? true : undefined;
}
