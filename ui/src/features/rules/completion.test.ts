import { describe, expect, it } from "vitest";

import { findPlace, suggest, type Schema } from "./completion";

const SCHEMA: Schema = {
  properties: {
    route: { $ref: "#/$defs/Route" },
    receivers: { type: ["array", "null"], items: { $ref: "#/$defs/Receiver" } },
  },
  $defs: {
    Route: {
      properties: {
        receiver: { type: "string", description: "Who is told." },
        continue: { type: ["boolean", "null"] },
        routes: { items: { $ref: "#/$defs/Route" } },
      },
    },
    Receiver: {
      properties: {
        name: { type: "string" },
        webhook_configs: {
          anyOf: [{ items: { properties: { url: {}, http_config: { properties: { proxy_url: {} } } } } }],
        },
        mode: { enum: ["fast", "slow"] },
      },
    },
  },
};

/** What is suggested where `|` stands. */
function at(text: string): string[] {
  const position = text.indexOf("|");
  const place = findPlace(text.replace("|", ""), position);
  return place === undefined ? [] : suggest(SCHEMA, place).map(({ label }) => label);
}

describe("completion", () => {
  it("names what the document may hold", () => {
    expect(at("|")).toEqual(["route", "receivers"]);
    expect(at("route:\n  receiver: a\nre|")).toEqual(["route", "receivers"]);
  });

  it("follows names and lists down, however they are indented", () => {
    const route = ["receiver", "continue", "routes"];
    expect(at("route:\n  |")).toEqual(route);
    expect(at("route:\n  routes:\n    - |")).toEqual(route);
    expect(at("route:\n  routes:\n    - receiver: a\n      |")).toEqual(route);
    expect(at("route:\n  routes:\n  - receiver: a\n    routes:\n    - re|")).toEqual(route);
    expect(at("receivers:\n- name: a\n  |")).toEqual(["name", "webhook_configs", "mode"]);
    expect(at("receivers:\n  - name: a\n    webhook_configs:\n      - |")).toEqual(["url", "http_config"]);
    expect(
      at("receivers:\n- name: a\n  webhook_configs:\n  - url: b\n    # why\n\n    http_config:\n      |"),
    ).toEqual(["proxy_url"]);
  });

  it("offers the values that there are", () => {
    expect(at("route:\n  continue: |")).toEqual(["true", "false"]);
    expect(at("receivers:\n- mode: f|")).toEqual(["fast", "slow"]);
    expect(at("route:\n  receiver: |")).toEqual([]);
  });

  it("offers nothing where it knows nothing", () => {
    expect(at("somewhere:\n  else:\n    |")).toEqual([]);
    expect(at("# a comment |")).toEqual([]);
  });

  it("says what a name means", () => {
    const place = findPlace("route:\n  ", 9);
    expect(place && suggest(SCHEMA, place)[0]).toMatchObject({ label: "receiver", detail: "Who is told." });
  });
});
