import { describe, expect, it } from "vitest";

import { guessHubUrl } from "./hubUrl";

describe("where clusters may reach the hub", () => {
  it("is guessed from where the browser does", () => {
    expect(guessHubUrl(new URL("https://hub.example.com/clusters/new"))).toBe("https://hub.example.com");
    expect(guessHubUrl(new URL("http://10.0.0.5:8080/"))).toBe("http://10.0.0.5:8080");
  });

  it.each(["http://localhost:8080/", "http://127.0.0.1/", "http://[::1]:8080/"])(
    "is left open on the hub's own machine: %s",
    (address) => expect(guessHubUrl(new URL(address))).toBe(""),
  );
});
