import { Tooltip } from "@mantine/core";
import { useState } from "react";

import { useZone, type Zone } from "~/app/preferences";

import { useNow } from "./now";
import { formatExact, formatRelative, formatSpan, toDate, type Time } from "./times";

type Style = "ago" | "span" | "exact";

/**
 * A time as people read it, exact on hover and in the zone they chose.
 *
 * @param style `ago` gives "3m ago", `span` only how long: "3m", `exact` the time itself
 */
export function TimeAgo({ time, style = "ago" }: { time: Time; style?: Style }) {
  const [zone] = useZone();
  const now = useNow();
  const [isHovered, setHovered] = useState(false);
  const date = toDate(time);
  const isKnown = !Number.isNaN(date.getTime());
  const text = (
    <time
      dateTime={isKnown ? date.toISOString() : undefined}
      onPointerEnter={() => setHovered(isKnown)}
      onPointerLeave={() => setHovered(false)}
    >
      {formatIn(style, date, now, zone)}
    </time>
  );
  // Long tables hold many times: only the one that somebody points at gets a tooltip.
  return isHovered ? (
    <Tooltip opened label={formatIn(style === "exact" ? "ago" : "exact", date, now, zone)}>
      {text}
    </Tooltip>
  ) : (
    text
  );
}

function formatIn(style: Style, date: Date, now: number, zone: Zone): string {
  if (style === "exact") return formatExact(date, zone);
  if (style === "span") return formatSpan((now - date.getTime()) / 1000);
  return formatRelative(date, now);
}
