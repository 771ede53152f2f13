import { expect, it } from "vitest";

import { formatBytes } from "./bytes";

it("says bytes in the unit that fits", () => {
  expect([0, 1, 1023, 1024, 1536, 20_000, 3 * 1024 ** 3, 5 * 1024 ** 5].map(formatBytes)).toEqual([
    "0 B",
    "1 B",
    "1023 B",
    "1.0 KiB",
    "1.5 KiB",
    "20 KiB",
    "3.0 GiB",
    "5120 TiB",
  ]);
});
