/** What keys mean wherever one is, apart from who hears them. */

export type Command =
  { do: "palette" } | { do: "help" } | { do: "search" } | { do: "rows" } | { do: "go"; key: string };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** Whether the key goes into a text. */
  isTyping: boolean;
  /** Whether something lies over the page. */
  isCovered: boolean;
}

/** How long after `g` the letter may come, in milliseconds. */
const PATIENCE_MS = 1500;

/** Reads one key after another; the letter after `g` is one of `places`. */
export class KeyReader {
  readonly #places: ReadonlySet<string>;
  #goSince: number | undefined;

  constructor(places: Iterable<string>) {
    this.#places = new Set(places);
  }

  read(press: KeyPress, now: number): Command | undefined {
    const waits = this.#goSince !== undefined && now - this.#goSince <= PATIENCE_MS;
    this.#goSince = undefined;
    if ((press.ctrlKey || press.metaKey) && !press.altKey && press.key.toLowerCase() === "k")
      return { do: "palette" };
    if (press.ctrlKey || press.metaKey || press.altKey || press.isTyping || press.isCovered) return undefined;
    if (waits && this.#places.has(press.key)) return { do: "go", key: press.key };
    switch (press.key) {
      case "g":
        this.#goSince = now;
        return undefined;
      case "/":
        return { do: "search" };
      case "?":
        return { do: "help" };
      case "j":
      case "k":
        return { do: "rows" };
      default:
        return undefined;
    }
  }
}
