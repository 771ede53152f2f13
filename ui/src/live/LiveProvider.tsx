import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";

import { applyEvents, type LiveReducer } from "./events";
import { Stream, type LinkState } from "./stream";

/** How it stands with the live stream, and since when what is shown may be old. */
export interface LiveState {
  state: LinkState;
  /** When the stream broke off, in milliseconds since the epoch; undefined while it flows. */
  staleSince: number | undefined;
}

const Live = createContext<LiveState>({ state: "connecting", staleSince: undefined });

/** How long a page that nobody looks at keeps its connection: browsers grant a host but few. */
const HIDDEN_MS = 60_000;

/** Keeps the query cache up to date by the hub's one stream, through the features' reducers. */
export function LiveProvider({
  reducers,
  isPaused,
  onSignedOut,
  children,
}: {
  reducers: readonly LiveReducer[];
  /** Nobody is signed in now: there is nothing to follow. */
  isPaused: boolean;
  onSignedOut: () => void;
  children: ReactNode;
}) {
  const client = useQueryClient();
  const [link, setLink] = useState<LiveState>({ state: "connecting", staleSince: undefined });

  useEffect(() => {
    if (isPaused) return;
    const stream = new Stream(
      {
        onEvents: (events) => applyEvents(events, reducers, client),
        onGap: () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" }),
        onState: (state) =>
          setLink((before) => ({
            state,
            staleSince: state === "live" ? undefined : (before.staleSince ?? Date.now()),
          })),
        onSignedOut,
      },
      {
        fetch: (...request) => fetch(...request),
        random: () => Math.random(),
        setTimeout: (run, milliseconds) => window.setTimeout(run, milliseconds),
        clearTimeout: (timer) => window.clearTimeout(timer),
      },
    );
    let hiding = 0;
    const onVisibility = () => {
      window.clearTimeout(hiding);
      if (document.hidden) hiding = window.setTimeout(() => stream.close(), HIDDEN_MS);
      else {
        stream.open();
        stream.hurry();
      }
    };
    const onOnline = () => stream.hurry();
    stream.open();
    document.addEventListener("visibilitychange", onVisibility);
    window.addEventListener("online", onOnline);
    return () => {
      window.clearTimeout(hiding);
      document.removeEventListener("visibilitychange", onVisibility);
      window.removeEventListener("online", onOnline);
      stream.close();
    };
  }, [client, reducers, isPaused, onSignedOut]);

  return <Live value={link}>{children}</Live>;
}

export function useLive(): LiveState {
  return useContext(Live);
}

/** Since when what is shown may be old, in milliseconds since the epoch; undefined while it is not. */
export function useStaleSince(): number | undefined {
  const { state, staleSince } = useLive();
  return state === "stale" ? staleSince : undefined;
}
