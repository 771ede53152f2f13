/** Times as people read them. Everything that needs the clock is given it. */
import type { Zone } from "~/app/preferences";

export type Time = string | number | Date;

export function toDate(time: Time): Date {
  return time instanceof Date ? time : new Date(time);
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span in its two largest units: `45s`, `12m`, `3h05m`, `6d04h`; whole days from 100 on. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number: number) => String(number).padStart(2, "0");
  if (whole < MINUTE) return `${whole}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h${two(Math.floor((whole % HOUR) / MINUTE))}m`;
  if (whole < 100 * DAY) return `${Math.floor(whole / DAY)}d${two(Math.floor((whole % DAY) / HOUR))}h`;
  return `${Math.floor(whole / DAY)}d`;
}

/** How long ago, or how far ahead: `3m ago`, `in 2h05m`, `just now`. */
export function formatRelative(time: Time, now: number): string {
  const seconds = (now - toDate(time).getTime()) / 1000;
  if (Number.isNaN(seconds)) return "at no known time";
  if (Math.abs(seconds) < 5) return "just now";
  return seconds > 0 ? `${formatSpan(seconds)} ago` : `in ${formatSpan(-seconds)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    // The form of Sweden is ISO 8601's, which sorts and has no doubtful month.
    format = new Intl.DateTimeFormat("sv-SE", { ...options, ...(zone === "utc" ? { timeZone: "UTC" } : {}) });
    formats.set(key, format);
  }
  return format;
}

const DAY_PARTS = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
const CLOCK_PARTS = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false } as const;

/** To the second, with the zone: `2026-11-21 09:41:24 UTC`. */
export function formatExact(time: Time, zone: Zone): string {
  const date = toDate(time);
  if (Number.isNaN(date.getTime())) return "no known time";
  return `${formatter(zone, { ...DAY_PARTS, ...CLOCK_PARTS }).format(date)} ${zoneName(date, zone)}`;
}

/** The time of day: `09:41:24`. */
export function formatClock(time: Time, zone: Zone): string {
  const date = toDate(time);
  return Number.isNaN(date.getTime()) ? "--:--:--" : formatter(zone, CLOCK_PARTS).format(date);
}

/** The day: `2026-11-21`. */
export function formatDay(time: Time, zone: Zone): string {
  const date = toDate(time);
  return Number.isNaN(date.getTime()) ? "no known day" : formatter(zone, DAY_PARTS).format(date);
}

function zoneName(date: Date, zone: Zone): string {
  if (zone === "utc") return "UTC";
  const minutes = -date.getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  const two = (number: number) => String(Math.floor(number)).padStart(2, "0");
  return `${sign}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
