/** What a person has chosen for this browser, shared by all parts of the page that ask for it. */
export interface Choice<Value> {
  get: () => Value;
  set: (value: Value) => void;
  /** Calls whenever the choice changes, in this window or another; returns how to stop that. */
  subscribe: (listener: () => void) => () => void;
}

/**
 * A choice that the browser keeps. It is read once and written when it changes: cells of tables ask for it by the hundred.
 *
 * @param key where the browser keeps it
 * @param read makes a value of whatever is kept there; undefined when nothing is
 */
export function keepChoice<Value>(key: string, read: (kept: unknown) => Value): Choice<Value> {
  const listeners = new Set<() => void>();
  let known: { value: Value } | undefined;

  const tell = () => {
    for (const each of listeners) each();
  };
  const onStorage = (event: StorageEvent) => {
    if (event.key !== key && event.key !== null) return;
    known = undefined;
    tell();
  };
  return {
    get: () => (known ??= { value: read(load(key)) }).value,
    set: (value) => {
      known = { value };
      save(key, value);
      tell();
    },
    subscribe: (listener) => {
      if (listeners.size === 0) {
        known = undefined; // Nobody listened to what other windows did meanwhile.
        window.addEventListener("storage", onStorage);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) window.removeEventListener("storage", onStorage);
      };
    },
  };
}

function load(key: string): unknown {
  try {
    return JSON.parse(window.localStorage.getItem(key) ?? "null") ?? undefined;
  } catch {
    return undefined; // The browser keeps nothing for this page, or something else than it wrote.
  }
}

function save(key: string, value: unknown): void {
  try {
    window.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // The browser keeps nothing for this page: the choice holds until it is closed.
  }
}
