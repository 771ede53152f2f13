import { MessageReader } from "./messages";
import type { LiveEvent } from "./events";

export type LinkState = "connecting" | "live" | "stale" | "ended";

/** What the stream needs from outside, and tops up in tests. */
export interface Surroundings {
  fetch: typeof fetch;
  random: () => number;
  setTimeout: (run: () => void, milliseconds: number) => number;
  clearTimeout: (timer: number) => void;
}

export interface Listener {
  /** Events, oldest first. */
  onEvents: (events: LiveEvent[]) => void;
  /** What was read before may be wrong: read it again. */
  onGap: () => void;
  onState: (state: LinkState) => void;
  /** The session has ended. */
  onSignedOut: () => void;
}

const PATH = "/api/v1/stream";
/** Three of the hub's comments that it is still there. */
const SILENCE_MS = 45_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** Events are handed on together, often enough to look like at once. */
const BATCH_MS = 120;

/**
 * Follows the hub's stream for as long as it is open: connects, hands on events, notices silence, connects again with
 * growing waits, and takes up after the last event it has seen.
 */
export class Stream {
  readonly #listener: Listener;
  readonly #around: Surroundings;
  #lastId: string | undefined;
  #failures = 0;
  #connected = false;
  #connection: AbortController | undefined;
  #retry: number | undefined;
  #pending: LiveEvent[] = [];
  #flush: number | undefined;

  constructor(listener: Listener, around: Surroundings) {
    this.#listener = listener;
    this.#around = around;
  }

  open(): void {
    if (this.#connection === undefined && this.#retry === undefined) void this.#follow();
  }

  close(): void {
    this.#around.clearTimeout(this.#retry ?? 0);
    this.#retry = undefined;
    this.#connection?.abort();
    this.#connection = undefined;
    this.#hand();
  }

  /** Try at once instead of waiting on. */
  hurry(): void {
    if (this.#retry === undefined) return;
    this.#around.clearTimeout(this.#retry);
    this.#retry = undefined;
    void this.#follow();
  }

  async #follow(): Promise<void> {
    const connection = new AbortController();
    this.#connection = connection;
    let silence = 0;
    const heard = () => {
      this.#around.clearTimeout(silence);
      silence = this.#around.setTimeout(() => connection.abort(), SILENCE_MS);
    };
    let signedOut = false;
    try {
      heard();
      const resumes = this.#lastId !== undefined;
      const answer = await this.#around.fetch(PATH, {
        credentials: "same-origin",
        headers: {
          Accept: "text/event-stream",
          ...(resumes ? { "Last-Event-ID": this.#lastId } : {}),
        } as Record<string, string>,
        signal: connection.signal,
        cache: "no-store",
      });
      signedOut = answer.status === 401;
      if (!answer.ok || answer.body === null) throw new Error(`the stream answered ${answer.status}`);
      await this.#read(answer.body, heard, resumes);
    } catch {
      // Whatever it was: what follows is the same.
    } finally {
      this.#around.clearTimeout(silence);
      connection.abort();
    }
    if (this.#connection !== connection) return; // closed meanwhile
    this.#connection = undefined;
    if (signedOut) {
      this.#listener.onState("ended");
      this.#listener.onSignedOut();
    } else {
      this.#listener.onState("stale");
      this.#wait();
    }
  }

  async #read(body: ReadableStream<Uint8Array>, heard: () => void, resumes: boolean): Promise<void> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    const messages = new MessageReader();
    let greeted = false;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      if (!greeted) {
        greeted = true;
        this.#failures = 0;
        // What came while nobody listened is lost unless the hub can take up where this ended.
        if (this.#connected && !resumes) this.#listener.onGap();
        this.#connected = true;
        this.#listener.onState("live");
      }
      for (const message of messages.read(decoder.decode(value, { stream: true }))) {
        if (message.id !== undefined) this.#lastId = message.id;
        this.#take(message.type, message.data);
      }
    }
  }

  #take(type: string, text: string): void {
    if (type === "lost") {
      this.#pending = [];
      this.#listener.onGap();
      return;
    }
    try {
      this.#pending.push({ type, data: JSON.parse(text) as unknown });
    } catch {
      this.#listener.onGap();
      return;
    }
    this.#flush ??= this.#around.setTimeout(() => this.#hand(), BATCH_MS);
  }

  #hand(): void {
    this.#around.clearTimeout(this.#flush ?? 0);
    this.#flush = undefined;
    const events = this.#pending;
    this.#pending = [];
    if (events.length > 0) this.#listener.onEvents(events);
  }

  #wait(): void {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = this.#around.setTimeout(
      () => {
        this.#retry = undefined;
        void this.#follow();
      },
      longest / 2 + (this.#around.random() * longest) / 2,
    );
  }
}
