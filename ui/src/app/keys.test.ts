import { describe, expect, it } from "vitest";

import { KeyReader, type KeyPress } from "./keys";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isTyping: false,
  isCovered: false,
  ...more,
});

describe("keys", () => {
  it("lead to a page by g and its letter, if that comes soon", () => {
    const keys = new KeyReader(["a", "c"]);
    expect(keys.read(press("g"), 0)).toBeUndefined();
    expect(keys.read(press("a"), 1000)).toEqual({ do: "go", key: "a" });
    expect(keys.read(press("a"), 1001)).toBeUndefined();
    keys.read(press("g"), 2000);
    expect(keys.read(press("a"), 4000)).toBeUndefined();
  });

  it("begin anew after a letter that leads nowhere", () => {
    const keys = new KeyReader(["a"]);
    keys.read(press("g"), 0);
    expect(keys.read(press("z"), 1)).toBeUndefined();
    expect(keys.read(press("a"), 2)).toBeUndefined();
    keys.read(press("g"), 3);
    expect(keys.read(press("?"), 4)).toEqual({ do: "help" });
  });

  it("are left to what is typed into and to what lies over the page, but for the palette's", () => {
    const keys = new KeyReader(["a"]);
    for (const more of [{ isTyping: true }, { isCovered: true }]) {
      expect(keys.read(press("/", more), 0)).toBeUndefined();
      expect(keys.read(press("j", more), 0)).toBeUndefined();
      expect(keys.read(press("k", { ...more, metaKey: true }), 0)).toEqual({ do: "palette" });
      expect(keys.read(press("K", { ...more, ctrlKey: true }), 0)).toEqual({ do: "palette" });
    }
  });

  it("with Control or Alt are the browser's", () => {
    const keys = new KeyReader(["a"]);
    expect(keys.read(press("j", { ctrlKey: true }), 0)).toBeUndefined();
    expect(keys.read(press("/", { altKey: true }), 0)).toBeUndefined();
  });
});
