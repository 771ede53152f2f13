/** The time line: where marks stand and how high, and what a place on it means. Pure. */

/** The heights of marks, 0 to 1: few changes are seen beside many. */
export function toHeights(counts: readonly number[]): number[] {
  const most = Math.max(0, ...counts);
  return counts.map((count) => (count === 0 ? 0 : Math.max(0.15, Math.log1p(count) / Math.log1p(most))));
}

/** A moment within a time, in milliseconds. */
export function clampMoment(moment: number, since: number, until: number): number {
  return Math.min(Math.max(moment, since), until);
}

/** How far one key press goes: a hundredth of the line, but whole seconds. */
export function stepOf(since: number, until: number): number {
  return Math.max(1_000, Math.round((until - since) / 100_000) * 1_000);
}

/** What a `datetime-local` field holds, in the zone that is chosen. */
export function toField(moment: number, zone: "local" | "utc"): string {
  const shift = zone === "utc" ? 0 : new Date(moment).getTimezoneOffset() * 60_000;
  return new Date(moment - shift).toISOString().slice(0, 19);
}

/** The moment that such a field names; undefined for none. */
export function fromField(text: string, zone: "local" | "utc"): number | undefined {
  // The browser's own parser takes half a time for a whole one.
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)) return undefined;
  const moment = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(moment) ? undefined : moment;
}
