import { Tooltip } from "@mantine/core";
import { useState } from "react";

import { useZone } from "~/app/preferences";

import { useNow } from "./now";
import { formatExact, formatRelative, formatSpan, toDate, type Time } from "./times";

/**
 * A time as people read it, exact on hover and in the zone they chose.
 *
 * @param style `ago` gives "3m ago", `span` only how long: "3m", `exact` the time itself
 */
export function TimeAgo({ time, style = "ago" }: { time: Time; style?: "ago" | "span" | "exact" }) {
  const [zone] = useZone();
  const now = useNow();
  const [isHovered, setHovered] = useState(false);
  const date = toDate(time);
  const isKnown = !Number.isNaN(date.getTime());
  const exact = formatExact(date, zone);
  const relative = style === "span" ? formatSpan((now - date.getTime()) / 1000) : formatRelative(date, now);
  const text = (
    <time
      dateTime={isKnown ? date.toISOString() : undefined}
      onPointerEnter={() => setHovered(isKnown)}
      onPointerLeave={() => setHovered(false)}
    >
      {style === "exact" ? exact : relative}
    </time>
  );
  // Long tables hold many times: only the one that somebody points at gets a tooltip.
  return isHovered ? (
    <Tooltip opened label={style === "exact" ? formatRelative(date, now) : exact}>
      {text}
    </Tooltip>
  ) : (
    text
  );
}
