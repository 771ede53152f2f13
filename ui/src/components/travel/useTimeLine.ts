import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { toMoment } from "~/components/moments";

import { activityQuery, type Scope, type Span } from "./queries";

/** How far back a line reaches while nobody says from when on things are known. */
const LONGEST_MS = 30 * 24 * 3_600_000;

/** A time line: from when to when, its marks, and the changes around where one stands. Times in milliseconds. */
export interface Line {
  since: number;
  until: number;
  counts: readonly number[];
  previous: number | undefined;
  next: number | undefined;
  /** Whether one stands before everything is known. */
  isBefore: boolean;
}

/** The line's end stands still while one is on it, or every mark would move under the hand. */
export function useTimeLine(scope: Scope | undefined, at: string, span: Span): Line {
  const [until] = useState(() => Date.now());
  const moment = Date.parse(at);
  // A line that ends before where one stands is drawn further back.
  const start = span === undefined ? undefined : Math.min(until - span, moment - span / 10);
  const since = start === undefined ? undefined : toMoment(Math.floor(start / 1000) * 1000);
  const { data } = useQuery({
    ...activityQuery(scope ?? { cluster: "" }, since, at),
    enabled: scope !== undefined,
  });
  return useMemo(() => {
    const toTime = (text: string | null | undefined) => (text ? Date.parse(text) : undefined);
    const known = toTime(data?.knownSince);
    return {
      since: toTime(data?.since) ?? start ?? Math.min(moment, until - LONGEST_MS),
      until: toTime(data?.until) ?? until,
      counts: data?.counts ?? [],
      previous: toTime(data?.previous),
      next: toTime(data?.next),
      isBefore: known !== undefined && moment < known,
    };
  }, [data, start, moment, until]);
}
