import { type LiveReducer } from "~/live";
import { throttledInvalidation } from "~/live/throttle";

import { keys } from "./queries";

const soon = throttledInvalidation(1_000);
const later = throttledInvalidation(10_000);

/** What agents do shows at once; counts of objects and alerts follow in steps. */
export const reducers: readonly LiveReducer[] = [
  { types: ["cluster"], reduce: (_, client) => soon(client, keys.all) },
  { types: ["alert", "change"], reduce: (_, client) => later(client, keys.all) },
];
