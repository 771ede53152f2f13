/** A set of labels from words `name=value`; quotes around a value are taken off, what is no label is left out. */
export function readLabelSet(words: readonly string[]): Record<string, string> {
  const pairs = words.flatMap((word) => {
    const [, name = "", value = ""] = /^\s*([^=\s"{}!~]+)\s*=\s*"?(.*?)"?\s*$/.exec(word) ?? [];
    return name === "" || value === "" ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}
