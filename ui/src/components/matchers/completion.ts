import { OPERATORS, type Operator } from "./matchers";

/** What somebody is about to write in a bar of matchers. */
export type Stage =
  | { stage: "name"; prefix: string }
  | { stage: "operator"; name: string; prefix: string }
  | { stage: "value"; name: string; operator: Operator; prefix: string };

const STARTED = /^\s*("(?:[^"\\]|\\.)*"|[a-zA-Z_:][a-zA-Z0-9_:]*)(\s*)(=~|!~|!=|=|!)?\s*(.*)$/s;

/** Which part of a matcher comes next after what is written so far. */
export function readStage(text: string): Stage {
  const found = STARTED.exec(text);
  if (found === null) return { stage: "name", prefix: text.trim() };
  const [, written = "", space = "", operator, rest = ""] = found;
  const name = written.startsWith('"') ? written.slice(1, -1) : written;
  if (operator === "!") return { stage: "operator", name, prefix: "!" };
  if (operator !== undefined)
    return { stage: "value", name, operator: operator as Operator, prefix: rest.replace(/^"|"$/g, "") };
  if (rest !== "") return { stage: "name", prefix: text.trim() };
  return space === "" ? { stage: "name", prefix: name } : { stage: "operator", name, prefix: "" };
}

/** The operators that begin with what is written of one. */
export function completeOperators(prefix: string): Operator[] {
  return OPERATORS.filter((operator) => operator.startsWith(prefix));
}
