/** Chosen labels (`env=prod`) and the selector that they make: any of a label's values, all of the labels. */

export function toSelector(chosen: readonly string[]): string {
  const values = new Map<string, string[]>();
  for (const one of chosen) {
    const [name, value] = split(one);
    if (name !== "") values.set(name, [...(values.get(name) ?? []), value]);
  }
  return [...values]
    .map(([name, of]) => (of.length === 1 ? `${name}=${of[0] ?? ""}` : `${name} in (${of.join(",")})`))
    .join(",");
}

/** What can be chosen, by label; what is chosen is among it even if no cluster has it now. */
export function toChoices(
  labels: Readonly<Record<string, readonly string[]>>,
  chosen: readonly string[],
): { group: string; items: { value: string; label: string }[] }[] {
  const all = new Map(Object.entries(labels).map(([name, values]) => [name, new Set(values)]));
  for (const one of chosen) {
    const [name, value] = split(one);
    all.set(name, (all.get(name) ?? new Set<string>()).add(value));
  }
  return [...all]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, values]) => ({
      group: name,
      items: [...values]
        .toSorted()
        .map((value) => ({ value: `${name}=${value}`, label: `${name}=${value}` })),
    }));
}

function split(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}
