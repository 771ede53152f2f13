// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";

import { keepChoice } from "./choice";

const KEY = "farwatch.test";

beforeEach(() => window.localStorage.clear());

const zone = () => keepChoice(KEY, (kept) => (kept === "utc" ? "utc" : "local"));

it("is what the browser kept", () => {
  window.localStorage.setItem(KEY, '"utc"');
  expect(zone().get()).toBe("utc");
});

it.each([null, "not JSON", '"mars"', "null"])("is the usual one where %s is kept", (kept) => {
  if (kept !== null) window.localStorage.setItem(KEY, kept);
  expect(zone().get()).toBe("local");
});

it("is kept when it is made, and told to all who listen", () => {
  const choice = zone();
  const [one, other] = [vi.fn(), vi.fn()];
  choice.subscribe(one);
  choice.subscribe(other);
  choice.set("utc");
  expect(choice.get()).toBe("utc");
  expect(window.localStorage.getItem(KEY)).toBe('"utc"');
  expect([one.mock.calls.length, other.mock.calls.length]).toEqual([1, 1]);
});

it("is neither written nor told by those who only ask", () => {
  window.localStorage.setItem(KEY, '"utc"');
  const written = vi.spyOn(Storage.prototype, "setItem");
  const choice = zone();
  const listener = vi.fn();
  choice.subscribe(listener);
  choice.subscribe(vi.fn());
  choice.get();
  expect(written).not.toHaveBeenCalled();
  expect(listener).not.toHaveBeenCalled();
});

it("follows another window", () => {
  const choice = zone();
  const listener = vi.fn();
  choice.subscribe(listener);
  expect(choice.get()).toBe("local");
  window.localStorage.setItem(KEY, '"utc"');
  window.dispatchEvent(new StorageEvent("storage", { key: KEY }));
  expect(choice.get()).toBe("utc");
  expect(listener).toHaveBeenCalledOnce();
});

it("knows what another window did while nobody listened", () => {
  const choice = zone();
  choice.subscribe(vi.fn())();
  expect(choice.get()).toBe("local");
  window.localStorage.setItem(KEY, '"utc"');
  choice.subscribe(vi.fn());
  expect(choice.get()).toBe("utc");
});

it("tells those no more who have stopped listening", () => {
  const choice = zone();
  const listener = vi.fn();
  choice.subscribe(listener)();
  choice.set("utc");
  expect(listener).not.toHaveBeenCalled();
});

it("holds where the browser keeps nothing", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("the quota is exceeded");
  });
  const choice = zone();
  choice.set("utc");
  expect(choice.get()).toBe("utc");
});
