/** Values chosen from a facet, as the matchers that say the same: `severity=~"critical|warning"`. */
import { escapeRegex, formatMatcher, parseMatcher, type Matcher } from "~/components/matchers/matchers";

/** The values of a label that matchers choose; empty when they choose none, or in another way. */
export function readChoice(filter: readonly string[] | undefined, name: string): string[] {
  for (const matcher of read(filter)) {
    const values = valuesOf(matcher);
    if (matcher.name === name && values !== undefined) return values;
  }
  return [];
}

/** Matchers without those that choose values of a label. */
export function withoutChoice(filter: readonly string[] | undefined, name: string): string[] {
  return (filter ?? []).filter((text) => {
    const [matcher] = read([text]);
    return matcher === undefined || matcher.name !== name || valuesOf(matcher) === undefined;
  });
}

/** Matchers that choose these values of a label, and what they chose of others. */
export function writeChoice(
  filter: readonly string[] | undefined,
  name: string,
  values: readonly string[],
): string[] | undefined {
  const others = withoutChoice(filter, name);
  const [only] = values;
  if (only === undefined) return others.length > 0 ? others : undefined;
  const matcher: Matcher =
    values.length === 1
      ? { name, operator: "=", value: only }
      : { name, operator: "=~", value: values.map(escapeRegex).join("|") };
  return [...others, formatMatcher(matcher)];
}

function read(filter: readonly string[] | undefined): Matcher[] {
  return (filter ?? []).flatMap((text) => {
    try {
      return [parseMatcher(text)];
    } catch {
      return [];
    }
  });
}

/** The values that a matcher spells out; undefined when it is a pattern. */
function valuesOf({ operator, value }: Matcher): string[] | undefined {
  if (operator === "=") return [value];
  if (operator !== "=~") return undefined;
  const values = value.split(/(?<!\\)\|/).map((one) => one.replace(/\\(.)/g, "$1"));
  return values.map(escapeRegex).join("|") === value ? values : undefined;
}
