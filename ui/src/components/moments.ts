/** Moments in addresses (`?at=`), and steps between them. Pure. */
import { readText } from "~/app/search";

/** A moment that an address names, as ISO 8601 in UTC; undefined for what is none, and for what is yet to come. */
export function readMoment(value: unknown, now: number = Date.now()): string | undefined {
  const text = readText(value);
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) || time > now || time < 0 ? undefined : toMoment(time);
}

/** As an address has it: to the second, in UTC; to the millisecond where there is a part of a second. */
export function toMoment(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}

/** The last of these times that lies before a moment; undefined when none does. Times in milliseconds, ascending. */
export function findBefore(times: readonly number[], moment: number): number | undefined {
  return times.findLast((time) => time < moment);
}

/** The first of these times that lies after a moment; undefined when none does. */
export function findAfter(times: readonly number[], moment: number): number | undefined {
  return times.find((time) => time > moment);
}
