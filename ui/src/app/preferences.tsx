/** What a person has chosen for this browser: the zone of times, and whether the navigation is narrow. */
import { useSyncExternalStore } from "react";

import { keepChoice, type Choice } from "./choice";

export type Zone = "local" | "utc";

const zones = keepChoice<Zone>("farwatch.zone", (kept) => (kept === "utc" ? "utc" : "local"));
const narrowings = keepChoice("farwatch.narrow-navigation", (kept) => kept === true);

export function useZone(): [Zone, (zone: Zone) => void] {
  return useChoice(zones);
}

export function useNarrowNavigation(): [boolean, (narrow: boolean) => void] {
  return useChoice(narrowings);
}

function useChoice<Value>(choice: Choice<Value>): [Value, (value: Value) => void] {
  return [useSyncExternalStore(choice.subscribe, choice.get), choice.set];
}
