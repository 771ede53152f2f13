/** Where moments stand on a drawing of time. */
import type { Stretch, TimelineRow } from "./queries";

/** Times in milliseconds since the epoch, places in pixels. */
export interface Scale {
  since: number;
  until: number;
  width: number;
}

export function toPlace({ since, until, width }: Scale, time: number): number {
  return ((time - since) / Math.max(until - since, 1)) * width;
}

export function toTime({ since, until, width }: Scale, place: number): number {
  const within = Math.min(Math.max(place, 0), width);
  return since + (within / Math.max(width, 1)) * (until - since);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  5 * DAY,
  10 * DAY,
];

/** Moments that deserve a mark: round ones in a zone, so far apart that their words fit. */
export function ticks(
  scale: Scale,
  offsetMinutes: number,
  leastPixels: number,
): { step: number; times: number[] } {
  const { since, until, width } = scale;
  const least = ((until - since) / Math.max(width, 1)) * leastPixels;
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / DAY) * DAY;
  // Local midnight is round, whatever the zone is ahead of UTC.
  const shift = offsetMinutes * MINUTE;
  const times: number[] = [];
  for (let time = Math.ceil((since + shift) / step) * step - shift; time < until; time += step)
    times.push(time);
  return { step, times };
}

/** Whether marks so far apart need the day, not the time of it. */
export function isByDay(step: number): boolean {
  return step >= DAY;
}

/** The stretch of a row at a moment; within `slack` milliseconds, so that thin ones can be hit. */
export function findStretch(row: TimelineRow, time: number, slack: number): Stretch | undefined {
  let nearest: Stretch | undefined;
  let distance = slack;
  for (const stretch of row.stretches) {
    const [since, until] = [Date.parse(stretch.since), Date.parse(stretch.until)];
    const away = time < since ? since - time : time > until ? time - until : 0;
    if (away <= distance) {
      nearest = stretch;
      distance = away;
    }
    if (away === 0) return stretch;
  }
  return nearest;
}
