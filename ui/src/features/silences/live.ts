/** Brings the list of silences up to date as the hub tells of them. */
import { silenceKeys, type Silence } from "~/components/silencing/queries";
import type { LiveEvent, LiveReducer } from "~/live";
import { throttledInvalidation } from "~/live/throttle";

interface SilenceList {
  items: Silence[];
}

type Told = Omit<Silence, "state" | "updatedAt" | "hushes"> & { time: string };

/** The list with what events tell of silences that are on it; the same list when that changes nothing. */
export function patchList(list: SilenceList, events: readonly LiveEvent[]): SilenceList {
  const told = new Map(
    events.filter((event) => isTold(event.data)).map(({ data }) => [(data as Told).id, data as Told]),
  );
  if (!list.items.some((silence) => told.has(silence.id))) return list;
  return {
    ...list,
    items: list.items.map((silence) => {
      const now = told.get(silence.id);
      if (now === undefined) return silence;
      const { matchers, startsAt, endsAt, createdBy, comment, time } = now;
      return { ...silence, matchers, startsAt, endsAt, createdBy, comment, updatedAt: time };
    }),
  };
}

function isTold(data: unknown): data is Told {
  const { id, matchers, endsAt } = (data ?? {}) as Partial<Told>;
  return typeof id === "string" && typeof matchers === "string" && typeof endsAt === "string";
}

/** How a silence stands at a time: its own times say so sooner than the hub does. */
export function stateAt({ startsAt, endsAt }: Pick<Silence, "startsAt" | "endsAt">, now: number) {
  if (Date.parse(endsAt) <= now) return "expired";
  return Date.parse(startsAt) > now ? "pending" : "active";
}

const readAgainSoon = throttledInvalidation(1_000);
/** How many alerts each hushes changes with every alert: that may be a little old. */
const countAgainSoon = throttledInvalidation(15_000);

export const reducer: LiveReducer = {
  types: ["silence", "alert"],
  reduce: (events, client) => {
    const ofSilences = events.filter((event) => event.type === "silence");
    if (ofSilences.length === 0) {
      countAgainSoon(client, silenceKeys.all);
      return;
    }
    client.setQueryData(
      silenceKeys.list,
      (list: SilenceList | undefined) => list && patchList(list, ofSilences),
    );
    readAgainSoon(client, silenceKeys.all);
  },
};
