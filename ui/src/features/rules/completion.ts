/** What may stand at a place of a YAML document, by a JSON schema: for the editor's completion. */

export type Schema = Record<string, unknown>;

/** Where somebody writes: the names above (`[]` for a place in a list), and the name whose value it is, if it is one. */
export interface Place {
  path: string[];
  value: string | undefined;
  /** What is written so far, and where it begins. */
  word: string;
  from: number;
}

export interface Suggestion {
  label: string;
  detail: string;
  isName: boolean;
}

const KEY = /^(\s*)((?:- +)*)([\w.-]*)$/;
const VALUE = /^(\s*)((?:- +)*)([\w.-]+):\s+([\w.-]*)$/;
const LINE = /^(\s*)((?:-(?: +|$))*)(?:([\w.-]+):(?:\s+(.*))?)?/;

/** Where a position is; undefined where nothing can be completed. */
export function findPlace(text: string, position: number): Place | undefined {
  const start = text.lastIndexOf("\n", position - 1) + 1;
  const line = text.slice(start, position);
  const value = VALUE.exec(line);
  const found = value ?? KEY.exec(line);
  if (found === null) return undefined;
  const [, spaces = "", dashes = ""] = found;
  const word = (value === null ? found[3] : found[4]) ?? "";
  let column = spaces.length + dashes.length;
  const path: string[] = [];
  for (let dash = dashes.lastIndexOf("-"); dash >= 0; dash = dashes.lastIndexOf("-", dash - 1)) {
    path.unshift("[]");
    column = spaces.length + dash;
    if (dash === 0) break;
  }
  climb(text.slice(0, start).split("\n").slice(0, -1), path, column);
  return { path, value: value?.[3], word, from: position - word.length };
}

/** Puts the names of what a line is below before its path, going up through the lines above. */
function climb(lines: readonly string[], path: string[], from: number): void {
  let column = from;
  for (const line of lines.toReversed()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, spaces = "", dashes = "", name, value] = LINE.exec(line) ?? [];
    const keyColumn = spaces.length + dashes.length;
    // A list may stand at its own name's column.
    const reach = path[0] === "[]" ? column : column - 1;
    if (name !== undefined && (value ?? "") === "" && keyColumn <= reach) {
      path.unshift(name);
      column = keyColumn;
    }
    for (let dash = dashes.lastIndexOf("-"); dash >= 0; dash = dashes.lastIndexOf("-", dash - 1)) {
      if (spaces.length + dash < column) {
        path.unshift("[]");
        column = spaces.length + dash;
      }
      if (dash === 0) break;
    }
  }
}

/** What may stand there: names that the schema knows, or values that it lists. */
export function suggest(root: Schema, place: Place): Suggestion[] {
  const here = place.path.reduce<Schema[]>(
    (nodes, step) => nodes.flatMap((node) => descend(root, node, step)),
    open(root, root),
  );
  if (place.value === undefined) {
    return here.flatMap((node) =>
      Object.entries(asMap(node.properties))
        .filter(([name]) => name !== "<<")
        .map(([label, schema]) => ({ label, detail: describe(root, asMap(schema)), isName: true })),
    );
  }
  const { value } = place;
  return here
    .flatMap((node) => descend(root, node, value))
    .flatMap((node) => [
      ...asList(node.enum).filter((each) => typeof each === "string"),
      ...("const" in node && typeof node.const === "string" ? [node.const] : []),
      ...(asList(node.type).includes("boolean") && !asList(node.type).includes("string")
        ? ["true", "false"]
        : []),
    ])
    .map((label) => ({ label, detail: "", isName: false }));
}

function descend(root: Schema, node: Schema, step: string): Schema[] {
  if (step === "[]") return node.items === undefined ? [] : open(root, asMap(node.items));
  const child = asMap(node.properties)[step] ?? node.additionalProperties;
  return typeof child === "object" && child !== null ? open(root, child as Schema) : [];
}

/** A schema, and all those that it refers to or chooses from. */
function open(root: Schema, node: Schema): Schema[] {
  const reference = typeof node.$ref === "string" ? node.$ref.split("/").slice(1) : undefined;
  const target = reference?.reduce<unknown>((found, part) => asMap(found)[part], root);
  return [
    node,
    ...(target === undefined ? [] : open(root, asMap(target))),
    ...["anyOf", "oneOf", "allOf"].flatMap((choice) =>
      asList(node[choice]).flatMap((each) => open(root, asMap(each))),
    ),
  ];
}

function describe(root: Schema, schema: Schema): string {
  const found = open(root, schema).find(({ description }) => typeof description === "string");
  return found === undefined ? "" : String(found.description);
}

function asMap(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value];
}
