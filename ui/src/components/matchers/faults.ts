import { ApiError } from "~/api";

import type { MatcherFault } from "./MatcherBar";

const SAID = /^(?:filter|matchers)(?:\[(\d+)\])?: (.*)$/s;

/** What the hub says against the matchers of a request; undefined when something else is wrong with it. */
export function readMatcherFault(error: unknown, count = 1): MatcherFault | undefined {
  if (!(error instanceof ApiError) || error.status !== 400) return undefined;
  const found = SAID.exec(error.message);
  if (found === null) return undefined;
  const place = found[1] === undefined ? (count === 1 ? 0 : undefined) : Number(found[1]);
  return { place, words: found[2] ?? error.message };
}
