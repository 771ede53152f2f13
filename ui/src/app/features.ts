import { alerts } from "~/features/alerts";
import { clusters } from "~/features/clusters";
import { history } from "~/features/history";
import { objects } from "~/features/objects";
import { onboarding } from "~/features/onboarding";
import { overview } from "~/features/overview";
import { rules } from "~/features/rules";
import { settings } from "~/features/settings";
import { silences } from "~/features/silences";

import type { Feature } from "./feature";

/** Every part of the console. A new one adds its line here, and nothing else of the frame changes. */
export const features: readonly Feature[] = [
  overview,
  alerts,
  silences,
  history,
  clusters,
  objects,
  onboarding,
  rules,
  settings,
];

export const navEntries = features
  .flatMap((feature) => feature.nav ?? [])
  .toSorted((one, other) => one.order - other.order);

export const paletteEntries = features.flatMap((feature) => feature.palette ?? []);

export const reducers = features.flatMap((feature) => feature.reducers ?? []);

export const shortcutSheets = features.flatMap((feature) => feature.shortcuts ?? []);
