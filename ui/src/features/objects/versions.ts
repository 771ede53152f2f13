/** Which two versions of an object are held against each other. Pure. */
import type { Field, Version } from "./queries";

/** Two times; without the second it is now. */
export interface Times {
  from?: string;
  to?: string;
}

/** After one more version was chosen, or one of the two once more: the two that were chosen last, in order. */
export function chooseTimes({ from, to }: Times, chosen: string): Times {
  if (chosen === from) return { from: to, to: undefined };
  if (chosen === to) return { from, to: undefined };
  const [first, second] = [to ?? from, chosen]
    .filter((time): time is string => time !== undefined)
    .toSorted((one, other) => Date.parse(one) - Date.parse(other));
  return { from: first, to: second };
}

/** What one change did: the version against the one before it; the first of all against the moment before. */
export function comparisonOf(version: Version, before: Version | undefined): Times {
  const from = before?.time ?? new Date(Date.parse(version.time) - 1).toISOString();
  return { from, to: version.time };
}

const MADE_BY_PEOPLE = ["spec", "metadata"];

/** The fields that tell most, first: what people change before what follows of it, and times that only follow last. */
export function rankFields(fields: readonly Field[]): Field[] {
  const rank = ({ path }: Field) =>
    /(Time|At|observedGeneration)$/.test(path)
      ? 3
      : MADE_BY_PEOPLE.some((word) => path.startsWith(word))
        ? 0
        : /\.(message|image(ID)?)$/.test(path)
          ? 2
          : 1;
  return fields.toSorted((one, other) => rank(one) - rank(other));
}
