/** The mark of the console, as in the browser's tab. */
export function Logo({ size }: { size: number }) {
  return <img src="/console/icon.svg" alt="" width={size} height={size} />;
}
