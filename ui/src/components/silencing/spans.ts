/** For how long, and until when: what a form of a silence or a snooze asks. */
import type { Zone } from "~/app/preferences";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const PRESETS = [
  { label: "30m", milliseconds: 30 * MINUTE },
  { label: "1h", milliseconds: HOUR },
  { label: "2h", milliseconds: 2 * HOUR },
  { label: "4h", milliseconds: 4 * HOUR },
  { label: "8h", milliseconds: 8 * HOUR },
  { label: "1d", milliseconds: 24 * HOUR },
  { label: "3d", milliseconds: 72 * HOUR },
  { label: "1w", milliseconds: 168 * HOUR },
] as const;

const two = (number: number) => String(number).padStart(2, "0");

/** A time as a field for date and time holds it, in the zone that was chosen: `2026-11-21T09:41`. */
export function toField(milliseconds: number, zone: Zone): string {
  const date = new Date(milliseconds);
  if (zone === "utc") return date.toISOString().slice(0, 16);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The time that such a field holds, in milliseconds since the epoch; undefined when it is none. */
export function fromField(text: string, zone: Zone): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text)) return undefined;
  const milliseconds = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** The next of a time of day, in the reader's own zone: tomorrow when it is over today. */
export function nextClock(now: number, hour: number, weekday?: number): number {
  const date = new Date(now);
  date.setHours(hour, 0, 0, 0);
  while (date.getTime() <= now || (weekday !== undefined && date.getDay() !== weekday))
    date.setDate(date.getDate() + 1);
  return date.getTime();
}
