import { useSyncExternalStore } from "react";

const STEP_MS = 5_000;

let now = Date.now();
let timer: number | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  now = Date.now();
  timer ??= window.setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, STEP_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time now, in milliseconds since the epoch; one clock for the whole page steps it every five seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
