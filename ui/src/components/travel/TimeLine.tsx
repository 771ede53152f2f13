import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

import { useZone } from "~/app/preferences";
import { formatExact } from "~/components/times";

import { clampMoment, stepOf, toHeights } from "./line";
import styles from "./TimeTravel.module.css";
import type { Line } from "./useTimeLine";

/** How long the hand rests before the page follows. */
const SETTLE_MS = 160;

/** A slider over what is kept, with marks where things changed. */
export function TimeLine({ line, at, onGo }: { line: Line; at: number; onGo: (moment: number) => void }) {
  const [zone] = useZone();
  const [held, setHeld] = useState<number>();
  const settle = useDebouncedCallback((moment: number) => {
    setHeld(undefined);
    onGo(moment);
  }, SETTLE_MS);
  const value = clampMoment(held ?? at, line.since, line.until);
  const width = 1000 / Math.max(1, line.counts.length);
  return (
    <div className={styles.line}>
      <svg viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden>
        {toHeights(line.counts).map((height, place) =>
          height === 0 ? null : (
            <rect
              // The place is what a mark is.
              key={place}
              x={place * width}
              y={24 - height * 22}
              width={Math.max(width - 1, 1)}
              height={height * 22}
            />
          ),
        )}
      </svg>
      <input
        type="range"
        aria-label="Time"
        aria-valuetext={formatExact(value, zone)}
        min={line.since}
        max={line.until}
        step={stepOf(line.since, line.until)}
        value={value}
        onChange={(event) => {
          const moment = Number(event.currentTarget.value);
          setHeld(moment);
          settle(moment);
        }}
      />
      <div className={styles.ends}>
        <span>{formatExact(line.since, zone).slice(0, 16)}</span>
        {held !== undefined && <b>{formatExact(held, zone)}</b>}
        <span>now</span>
      </div>
    </div>
  );
}
