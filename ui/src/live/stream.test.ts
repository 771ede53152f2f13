import { beforeEach, describe, expect, it, vi } from "vitest";

import type { LiveEvent } from "./events";
import { Stream, type LinkState } from "./stream";

const encode = (text: string) => new TextEncoder().encode(text);

/** A hub that streams what a test says, connection by connection. */
class Hub {
  connections: { headers: Record<string, string>; say: (text: string) => void; end: () => void }[] = [];
  status = 200;

  fetch = (_path: unknown, init?: RequestInit): Promise<Response> => {
    if (this.status !== 200) {
      this.connections.push({ headers: {}, say: () => undefined, end: () => undefined });
      return Promise.resolve(new Response("", { status: this.status }));
    }
    let control: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (control = given) });
    init?.signal?.addEventListener("abort", () => control?.error(new DOMException("", "AbortError")));
    this.connections.push({
      headers: init?.headers as Record<string, string>,
      say: (text) => control?.enqueue(encode(text)),
      end: () => control?.close(),
    });
    return Promise.resolve(new Response(body, { status: 200 }));
  };
}

function follow() {
  const hub = new Hub();
  const events: LiveEvent[] = [];
  const states: LinkState[] = [];
  const told = { gaps: 0, signedOut: 0 };
  const stream = new Stream(
    {
      onEvents: (batch) => events.push(...batch),
      onGap: () => (told.gaps += 1),
      onState: (state) => states.push(state),
      onSignedOut: () => (told.signedOut += 1),
    },
    {
      fetch: hub.fetch,
      random: () => 1,
      setTimeout: (run, milliseconds) => setTimeout(run, milliseconds) as unknown as number,
      clearTimeout: (timer) => clearTimeout(timer),
    },
  );
  stream.open();
  return { hub, events, states, told, stream };
}

const settle = () => vi.advanceTimersByTimeAsync(200);

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

describe("the live stream", () => {
  it("hands on events together, in their order", async () => {
    const { hub, events, states } = follow();
    hub.connections[0]?.say(": following\n\n");
    hub.connections[0]?.say('id: 1\nevent: alert\ndata: {"a":1}\n\nid: 2\nevent: cha');
    hub.connections[0]?.say('nge\ndata: {"b":2}\n\n');
    await settle();
    expect(events).toEqual([
      { type: "alert", data: { a: 1 } },
      { type: "change", data: { b: 2 } },
    ]);
    expect(states).toEqual(["live"]);
  });

  it("takes up after the last event it has seen", async () => {
    const { hub, told, states } = follow();
    hub.connections[0]?.say("id: 7-3\nevent: alert\ndata: {}\n\n");
    await settle();
    hub.connections[0]?.end();
    await settle();
    expect(states).toEqual(["live", "stale"]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(hub.connections[1]?.headers["Last-Event-ID"]).toBe("7-3");
    hub.connections[1]?.say(": following\n\n");
    await settle();
    expect(states).toEqual(["live", "stale", "live"]);
    expect(told.gaps).toBe(0);
  });

  it("has everything read again when it cannot take up, or when the hub says that events are lost", async () => {
    const { hub, told } = follow();
    hub.connections[0]?.say(": following\n\n");
    await settle();
    hub.connections[0]?.end();
    await vi.advanceTimersByTimeAsync(1000);
    hub.connections[1]?.say(": following\n\n");
    await settle();
    expect(told.gaps).toBe(1);
    hub.connections[1]?.say('event: lost\ndata: {"events":3}\n\n');
    await settle();
    expect(told.gaps).toBe(2);
  });

  it("notices silence, and connects again", async () => {
    const { hub, states } = follow();
    hub.connections[0]?.say(": following\n\n");
    await settle();
    await vi.advanceTimersByTimeAsync(46_000);
    expect(states).toContain("stale");
    expect(hub.connections).toHaveLength(2);
  });

  it("waits longer each time the hub does not answer, up to half a minute", async () => {
    const hub = follow();
    hub.hub.status = 503;
    hub.hub.connections[0]?.end();
    await vi.advanceTimersByTimeAsync(0);
    for (const wait of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      const before = hub.hub.connections.length;
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(hub.hub.connections).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(hub.hub.connections).toHaveLength(before + 1);
    }
  });

  it("stops when the session has ended, and goes on when told to", async () => {
    const { hub, told, states, stream } = follow();
    hub.status = 401;
    hub.connections[0]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(hub.connections).toHaveLength(2);
    expect(told.signedOut).toBe(1);
    expect(states.at(-1)).toBe("ended");
    hub.status = 200;
    stream.open();
    await settle();
    expect(hub.connections).toHaveLength(3);
  });

  it("says nothing more once it is closed", async () => {
    const { hub, states, stream } = follow();
    hub.connections[0]?.say(": following\n\n");
    await settle();
    stream.close();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(hub.connections).toHaveLength(1);
    expect(states).toEqual(["live"]);
  });
});
