const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** So many bytes, as people say it: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** unit;
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit] ?? "B"}`;
}
