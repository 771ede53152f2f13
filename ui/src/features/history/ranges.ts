/** Of which time a page of the history tells: the last so many hours, or from when to when. */

export const SPANS = ["1h", "6h", "1d", "3d", "7d", "30d"] as const;

export type Span = (typeof SPANS)[number];

const HOUR = 3_600_000;

const MILLISECONDS: Record<Span, number> = {
  "1h": HOUR,
  "6h": 6 * HOUR,
  "1d": 24 * HOUR,
  "3d": 72 * HOUR,
  "7d": 168 * HOUR,
  "30d": 720 * HOUR,
};

export interface RangeView {
  span?: Span | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** What a query's key says of its time: equal for equal questions, also as the clock goes on. */
export type Range = { span: Span } | { since: string; until: string };

/** The range that a view asks for; the last day when it does not say. */
export function readRange({ span, since, until }: RangeView): Range {
  if (since !== undefined && until !== undefined && Date.parse(since) < Date.parse(until))
    return { since, until };
  return { span: span ?? "1d" };
}

/** From when to when that is, in milliseconds since the epoch. */
export function boundsOf(range: Range, now: number): [since: number, until: number] {
  return "span" in range
    ? [now - MILLISECONDS[range.span], now]
    : [Date.parse(range.since), Date.parse(range.until)];
}

/** The same as the API wants it. */
export function toQuery(range: Range, now: number): { since: string; until: string | undefined } {
  const [since, until] = boundsOf(range, now);
  return {
    since: new Date(since).toISOString(),
    until: "span" in range ? undefined : new Date(until).toISOString(),
  };
}

const SHORTEST_MS = 60_000;

/** A part of a time that somebody drew out, at least a minute of it. */
export function zoomTo(from: number, to: number): { since: string; until: string; span: undefined } {
  const [first, last] = from < to ? [from, to] : [to, from];
  return {
    since: new Date(Math.floor(first)).toISOString(),
    until: new Date(Math.ceil(Math.max(last, first + SHORTEST_MS))).toISOString(),
    span: undefined,
  };
}

/** Three times as much around the middle; not beyond the present. */
export function zoomOut(range: Range, now: number): { since: string; until: string; span: undefined } {
  const [since, until] = boundsOf(range, now);
  const width = until - since;
  const end = Math.min(now, until + width);
  return zoomTo(end - 3 * width, end);
}
