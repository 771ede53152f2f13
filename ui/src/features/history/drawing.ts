/** Draws a timeline of alerts on a canvas; what it needs from outside is given. */
import type { Zone } from "~/app/preferences";
import { formatClock, formatDay } from "~/components/times";

import type { Timeline } from "./queries";
import { isByDay, ticks, toPlace, type Scale } from "./scale";

export const ROW_HEIGHT = 24;
/** The lane of times, and that of rollouts. */
export const HEAD_HEIGHT = 48;

const AXIS_HEIGHT = 24;
const LEAST_WIDTH = 2;
const TICK_PIXELS = 90;

export interface Palette {
  line: string;
  text: string;
  quiet: string;
  accent: string;
  hover: string;
  severities: Record<string, string>;
  other: string;
  font: string;
}

/** The page's colours as they are now, light or dark. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: read("--line"),
    text: read("--text"),
    quiet: read("--quiet"),
    accent: read("--accent"),
    hover: read("--hover"),
    severities: {
      critical: read("--fill-critical"),
      warning: read("--fill-warning"),
      info: read("--fill-info"),
    },
    other: read("--fill-other"),
    font: `11px ${style.fontFamily}`,
  };
}

export interface Drawn {
  timeline: Timeline;
  scale: Scale;
  zone: Zone;
  /** The row that the keyboard is at. */
  row: number | undefined;
  /** What somebody is drawing out, in pixels. */
  selection: readonly [number, number] | undefined;
}

export function heightOf(timeline: Timeline): number {
  return HEAD_HEIGHT + timeline.rows.length * ROW_HEIGHT;
}

/** Everything anew; `context` is scaled so that its units are CSS pixels. */
export function draw(context: CanvasRenderingContext2D, palette: Palette, drawn: Drawn): void {
  const { timeline, scale, row, selection } = drawn;
  const height = heightOf(timeline);
  context.clearRect(0, 0, scale.width, height);
  if (row !== undefined) {
    context.fillStyle = palette.hover;
    context.fillRect(0, HEAD_HEIGHT + row * ROW_HEIGHT, scale.width, ROW_HEIGHT);
  }
  drawAxis(context, palette, drawn, height);
  drawRollouts(context, palette, drawn, height);
  drawRows(context, palette, drawn);
  if (selection !== undefined) {
    const [from, to] = selection;
    context.globalAlpha = 0.18;
    context.fillStyle = palette.accent;
    context.fillRect(Math.min(from, to), 0, Math.abs(to - from), height);
    context.globalAlpha = 1;
  }
}

function drawAxis(
  context: CanvasRenderingContext2D,
  palette: Palette,
  { scale, zone }: Drawn,
  height: number,
) {
  const offset = zone === "utc" ? 0 : -new Date(scale.since).getTimezoneOffset();
  const { step, times } = ticks(scale, offset, TICK_PIXELS);
  context.font = palette.font;
  context.textBaseline = "middle";
  for (const time of times) {
    const place = Math.round(toPlace(scale, time)) + 0.5;
    context.strokeStyle = palette.line;
    context.beginPath();
    context.moveTo(place, AXIS_HEIGHT - 5);
    context.lineTo(place, height);
    context.stroke();
    const words = nameTick(time, step, zone);
    // Not beyond the edge, where it would be cut.
    if (place + 4 + context.measureText(words).width > scale.width) continue;
    context.fillStyle = palette.quiet;
    context.fillText(words, place + 4, AXIS_HEIGHT / 2);
  }
}

/** Midnight is told by its day. */
function nameTick(time: number, step: number, zone: Zone): string {
  const clock = formatClock(time, zone).slice(0, 5);
  return isByDay(step) || clock === "00:00" ? formatDay(time, zone).slice(5) : clock;
}

function drawRollouts(
  context: CanvasRenderingContext2D,
  palette: Palette,
  { timeline, scale }: Drawn,
  height: number,
) {
  for (const rollout of timeline.rollouts) {
    const place = toPlace(scale, Date.parse(rollout.time));
    context.fillStyle = palette.accent;
    context.globalAlpha = 0.25;
    context.fillRect(place - 0.5, HEAD_HEIGHT - 4, 1, height - HEAD_HEIGHT);
    context.globalAlpha = 1;
    context.fillRect(place - 1.5, AXIS_HEIGHT + 4, 3, HEAD_HEIGHT - AXIS_HEIGHT - 8);
  }
}

function drawRows(context: CanvasRenderingContext2D, palette: Palette, { timeline, scale }: Drawn) {
  timeline.rows.forEach((row, index) => {
    const top = HEAD_HEIGHT + index * ROW_HEIGHT;
    context.fillStyle = palette.line;
    context.fillRect(0, top - 0.5, scale.width, 1);
    for (const stretch of row.stretches) {
      const from = Math.max(0, toPlace(scale, Date.parse(stretch.since)));
      const to = Math.min(scale.width, toPlace(scale, Date.parse(stretch.until)));
      context.fillStyle = palette.severities[stretch.severity] ?? palette.other;
      context.fillRect(from, top + 5, Math.max(to - from, LEAST_WIDTH), ROW_HEIGHT - 10);
    }
  });
}
