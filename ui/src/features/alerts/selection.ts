import { useCallback, useMemo, useState } from "react";

import type { Alert } from "./queries";

export interface Selection {
  keys: ReadonlySet<string>;
  alerts: readonly Alert[];
  /** Of the keys, alerts are kept as they are now found, or as they were when they were chosen. */
  keep: (keys: ReadonlySet<string>, found: readonly Alert[]) => void;
  clear: () => void;
}

/** The alerts that are selected, which stay so also when they are scrolled or filtered out of sight. */
export function useSelection(): Selection {
  const [chosen, setChosen] = useState<ReadonlyMap<string, Alert>>(new Map());
  const keep = useCallback((keys: ReadonlySet<string>, found: readonly Alert[]) => {
    setChosen((before) => {
      const known = new Map(before);
      for (const alert of found) known.set(alert.fingerprint, alert);
      return new Map([...known].filter(([key]) => keys.has(key)));
    });
  }, []);
  const clear = useCallback(() => setChosen(new Map()), []);
  return useMemo(
    () => ({ keys: new Set(chosen.keys()), alerts: [...chosen.values()], keep, clear }),
    [chosen, keep, clear],
  );
}
