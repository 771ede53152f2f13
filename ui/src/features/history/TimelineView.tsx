import { useMantineColorScheme } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { useZone, type Zone } from "~/app/preferences";
import { formatClock, formatExact, formatSpan } from "~/components";

import { draw, HEAD_HEIGHT, heightOf, readPalette, ROW_HEIGHT } from "./drawing";
import styles from "./History.module.css";
import type { Rollout, Stretch, Timeline, TimelineRow } from "./queries";
import { findStretch, toPlace, toTime, type Scale } from "./scale";

/** How near to a thin mark one must point, in pixels. */
const SLACK = 4;
/** From how far on a pull is one, and not a click. */
const PULL = 5;

/** What is told beside a place of the window, in pixels. */
interface Hint {
  x: number;
  y: number;
  lines: string[];
}

/**
 * When alerts fired: a row for each thing, coloured by the worst severity, rollouts above them.
 *
 * Pulling across it zooms in. With the keyboard: up and down for rows, left and right for what is in them, Enter zooms to
 * it, `-` zooms out.
 */
export function TimelineView({
  timeline,
  onZoom,
  onZoomOut,
}: {
  timeline: Timeline;
  onZoom: (since: number, until: number) => void;
  onZoomOut: () => void;
}) {
  const [zone] = useZone();
  const { colorScheme } = useMantineColorScheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { ref: measured, width } = useElementSize<HTMLCanvasElement>();
  const reference = useMergedRef(canvas, measured);
  const scale = useMemo<Scale>(
    () => ({ since: Date.parse(timeline.since), until: Date.parse(timeline.until), width }),
    [timeline.since, timeline.until, width],
  );
  const [at, setAt] = useState<{ row: number; stretch: number }>();
  const [pulled, setPulled] = useState<readonly [number, number]>();
  const [hint, setHint] = useState<Hint>();
  const height = heightOf(timeline);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (element === null || !context || width === 0) return;
    const density = window.devicePixelRatio || 1;
    element.width = Math.round(width * density);
    element.height = Math.round(height * density);
    context.setTransform(density, 0, 0, density, 0, 0);
    draw(context, readPalette(element), { timeline, scale, zone, row: at?.row, selection: pulled });
  }, [timeline, scale, zone, at, pulled, width, height, colorScheme]);

  const point = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onPointerDown = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { x } = point(event);
    setPulled([x, x]);
    setHint(undefined);
  };
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const { x, y } = point(event);
    if (pulled !== undefined) setPulled([pulled[0], Math.min(Math.max(x, 0), width)]);
    else {
      const lines = tellAt(timeline, scale, zone, x, y);
      setHint(lines && { x: event.clientX, y: event.clientY, lines });
    }
  };
  const onPointerUp = () => {
    if (pulled !== undefined && Math.abs(pulled[1] - pulled[0]) >= PULL)
      onZoom(toTime(scale, pulled[0]), toTime(scale, pulled[1]));
    setPulled(undefined);
  };
  const goTo = (row: number, place: number, element: HTMLCanvasElement) => {
    const found = timeline.rows[row];
    const stretch = found?.stretches[place];
    if (found === undefined || stretch === undefined) return;
    setAt({ row, stretch: place });
    const top = HEAD_HEIGHT + row * ROW_HEIGHT;
    const scroller = element.parentElement;
    if (
      scroller !== null &&
      (top < scroller.scrollTop || top > scroller.scrollTop + scroller.clientHeight - 40)
    )
      scroller.scrollTop = top - scroller.clientHeight / 2;
    const box = element.getBoundingClientRect();
    const x = box.left + Math.max(0, toPlace(scale, Date.parse(stretch.since)));
    setHint({ x, y: box.top + top + ROW_HEIGHT, lines: describe(found, stretch, zone) });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLCanvasElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { row, stretch } = at ?? { row: -1, stretch: 0 };
    const stretches = timeline.rows[row]?.stretches ?? [];
    const last = timeline.rows.length - 1;
    const element = event.currentTarget;
    const chosen = stretches[stretch];
    if (event.key === "ArrowDown" || event.key === "j") goTo(Math.min(row + 1, last), 0, element);
    else if (event.key === "ArrowUp" || event.key === "k") goTo(Math.max(row - 1, 0), 0, element);
    else if (event.key === "ArrowRight") goTo(row, Math.min(stretch + 1, stretches.length - 1), element);
    else if (event.key === "ArrowLeft") goTo(row, Math.max(stretch - 1, 0), element);
    else if (event.key === "Enter" && chosen !== undefined) zoomAround(chosen, onZoom);
    else if (event.key === "-") onZoomOut();
    else return;
    event.preventDefault();
  };
  return (
    <div className={styles.drawing}>
      <div className={styles.rows}>
        <ul className={styles.names} aria-hidden>
          <li data-head="">Time</li>
          <li data-head="">Rollouts</li>
          {timeline.rows.map((row, index) => (
            <li key={nameOf(row)} title={nameOf(row)} data-current={at?.row === index || undefined}>
              {nameOf(row)}
            </li>
          ))}
        </ul>
        {/* What is drawn is also told in words: to who goes through it by keys, and in the table below. */}
        {}
        <canvas
          ref={reference}
          className={styles.canvas}
          style={{ height }}
          tabIndex={0}
          role="img"
          aria-label={`When alerts fired, in ${timeline.rows.length} rows; the table below says the same. Arrows go from row to row and from one time to the next, Enter zooms in, minus zooms out.`}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => setPulled(undefined)}
          onPointerLeave={() => setHint(undefined)}
          onKeyDown={onKeyDown}
          onBlur={() => {
            setAt(undefined);
            setHint(undefined);
          }}
        />
      </div>
      <div role="status">{hint !== undefined && <HintBox hint={hint} />}</div>
    </div>
  );
}

function HintBox({ hint: { x, y, lines } }: { hint: Hint }) {
  const isRight = x > window.innerWidth / 2;
  const isLow = y > window.innerHeight - 120;
  return (
    <div
      className={styles.hint}
      style={{
        ...(isRight ? { right: window.innerWidth - x + 12 } : { left: x + 12 }),
        ...(isLow ? { bottom: window.innerHeight - y + 12 } : { top: y + 12 }),
      }}
    >
      {lines.map((line, place) => (
        <p key={line}>{place === 0 ? <b>{line}</b> : line}</p>
      ))}
    </div>
  );
}

export function nameOf({ labels }: TimelineRow): string {
  const words = Object.values(labels).map((value) => (value === "" ? "(none)" : value));
  return words.join(" / ");
}

/** What is at a place of the drawing, in lines. */
function tellAt(timeline: Timeline, scale: Scale, zone: Zone, x: number, y: number): string[] | undefined {
  const slack = toTime(scale, SLACK) - scale.since;
  const time = toTime(scale, x);
  if (y < HEAD_HEIGHT) {
    const near = timeline.rollouts.filter((rollout) => Math.abs(Date.parse(rollout.time) - time) <= slack);
    return near.length === 0 ? undefined : near.slice(0, 6).map((one) => describeRollout(one, zone));
  }
  const row = timeline.rows[Math.floor((y - HEAD_HEIGHT) / ROW_HEIGHT)];
  const stretch = row && findStretch(row, time, slack);
  return row === undefined || stretch === undefined ? undefined : describe(row, stretch, zone);
}

function describe(row: TimelineRow, stretch: Stretch, zone: Zone): string[] {
  const seconds = (Date.parse(stretch.until) - Date.parse(stretch.since)) / 1000;
  return [
    nameOf(row),
    `${stretch.severity || "no severity"}, ${stretch.alerts} ${stretch.alerts === 1 ? "alert" : "alerts"} at the most`,
    `${formatExact(stretch.since, zone)} to ${formatClock(stretch.until, zone)}, ${formatSpan(seconds)}`,
  ];
}

export function describeRollout(rollout: Rollout, zone: Zone): string {
  const { kind, namespace, name, cluster, images, time } = rollout;
  return `${formatClock(time, zone)} ${kind} ${namespace}/${name} in ${cluster}: ${images.join(", ")}`;
}

/** A stretch, with as much again on both sides. */
function zoomAround(stretch: Stretch, onZoom: (since: number, until: number) => void) {
  const [since, until] = [Date.parse(stretch.since), Date.parse(stretch.until)];
  const margin = Math.max(until - since, 60_000);
  onZoom(since - margin, Math.min(until + margin, Date.now()));
}
