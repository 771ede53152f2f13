/** Server-sent events as they come off the wire, cut anywhere. */

export interface Message {
  id: string | undefined;
  type: string;
  data: string;
}

/** Takes text in pieces and gives whole messages; comments are only heard. */
export class MessageReader {
  #rest = "";

  read(piece: string): Message[] {
    // A carriage return at the end may be half of a line's end: it waits for the next piece.
    const text = this.#rest + piece;
    const held = text.endsWith("\r") ? "\r" : "";
    const blocks = text
      .slice(0, text.length - held.length)
      .replace(/\r\n?/g, "\n")
      .split("\n\n");
    this.#rest = (blocks.pop() ?? "") + held;
    return blocks.map(parse).filter((message) => message !== undefined);
  }
}

function parse(block: string): Message | undefined {
  let id: string | undefined;
  let type = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") id = value;
    else if (field === "event") type = value;
    else if (field === "data") data.push(value);
  }
  return data.length > 0 ? { id, type, data: data.join("\n") } : undefined;
}
