import type { LiveReducer } from "~/live";
import { throttledInvalidation } from "~/live/throttle";

import { keys } from "./queries";

const soon = throttledInvalidation(300);
const steadily = throttledInvalidation(1_500);

/** Somebody waits for an agent: every word of it is news. */
export const reducers: readonly LiveReducer[] = [
  { types: ["cluster"], reduce: (_, client) => soon(client, keys.all) },
  { types: ["change"], reduce: (_, client) => steadily(client, ["onboarding", "cluster"]) },
];
