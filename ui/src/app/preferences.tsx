/** What a person has chosen for this browser: the zone of times, and whether the navigation is narrow. */
import { useLocalStorage } from "@mantine/hooks";

export type Zone = "local" | "utc";

export function useZone(): [Zone, (zone: Zone) => void] {
  const [zone, setZone] = useLocalStorage<Zone>({
    key: "farwatch.zone",
    defaultValue: "local",
    getInitialValueInEffect: false,
  });
  return [zone === "utc" ? "utc" : "local", setZone];
}

export function useNarrowNavigation(): [boolean, (narrow: boolean) => void] {
  const [narrow, setNarrow] = useLocalStorage({
    key: "farwatch.narrow-navigation",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  return [narrow, setNarrow];
}
