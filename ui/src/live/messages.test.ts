import { describe, expect, it } from "vitest";

import { MessageReader } from "./messages";

const TEXT =
  ': hello\r\n\r\nid: 1\r\nevent: alert\r\ndata: {"a":\r\ndata: 1}\r\n\r\n\ndata:x\n\nevent: empty\n\n';
const MESSAGES = [
  { id: "1", type: "alert", data: '{"a":\n1}' },
  { id: undefined, type: "message", data: "x" },
];

describe("server-sent events", () => {
  it("are the same wherever the wire cuts them", () => {
    for (let size = 1; size <= TEXT.length; size += 1) {
      const reader = new MessageReader();
      const found = [];
      for (let start = 0; start < TEXT.length; start += size) {
        found.push(...reader.read(TEXT.slice(start, start + size)));
      }
      expect(found).toEqual(MESSAGES);
    }
  });
});
