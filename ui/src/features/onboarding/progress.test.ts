import { describe, expect, it } from "vitest";

import { findSteps, isComplete, type Step } from "./progress";
import type { Cluster, InstallLink } from "./queries";

const fresh: Cluster = {
  name: "prod",
  createdAt: "2026-11-21T09:00:00Z",
  agentState: "never_connected",
  nodes: 0,
  pods: 0,
  alerts: 0,
};

const wholeReport = {
  checkedAt: "2026-11-21T09:00:00Z",
  missing: [],
  excess: [],
  omitted: 0,
  complete: true,
  problem: "",
};

const here: Cluster = {
  ...fresh,
  agentState: "connected",
  agentAddress: "10.0.0.1:4711",
  agentVersion: "1.2.3",
  apiServerReachable: true,
  kubernetesVersion: "v1.36.0",
  watches: [
    { kind: "Pod", state: "synced", since: "2026-11-21T09:00:00Z" },
    { kind: "Ingress", state: "absent", since: "2026-11-21T09:00:00Z" },
  ],
  permissions: wholeReport,
  nodes: 3,
  pods: 40,
};

const link: InstallLink = {
  id: "l",
  cluster: "prod",
  state: "open",
  createdAt: "2026-11-21T09:00:00Z",
  createdBy: "admin",
  expiresAt: "2026-11-21T10:00:00Z",
  sha256: "0",
  tokenId: "t",
};

function step(steps: Step[], id: Step["id"]): Step {
  const found = steps.find((one) => one.id === id);
  if (found === undefined) throw new Error(id);
  return found;
}

describe("the steps of an agent", () => {
  it("wait while nobody has come", () => {
    const steps = findSteps(fresh, [link]);
    expect(steps.map((one) => one.state)).toEqual(Array(6).fill("waiting"));
    expect(isComplete(steps)).toBe(false);
  });

  it("are done when the first data are here, whichever way it was installed", () => {
    const steps = findSteps(here, []);
    expect(steps.map((one) => one.state)).toEqual(Array(6).fill("done"));
    expect(isComplete(steps)).toBe(true);
    expect(step(steps, "connected").details).toEqual(["from 10.0.0.1:4711, version 1.2.3"]);
  });

  it("name the refusal, from where, and how often", () => {
    const refused: Cluster = {
      ...fresh,
      refusals: [
        {
          code: "foreign_cluster",
          reason: "token t belongs to cluster 'prod', which is another cluster",
          at: "2026-11-21T09:00:00Z",
          count: 3,
          peer: "10.0.0.9:1",
        },
      ],
    };
    const { state, details } = step(findSteps(refused, [link]), "connected");
    expect(state).toBe("failed");
    expect(details[0]).toBe(
      "Used by another cluster: token t belongs to cluster 'prod', which is another cluster (from 10.0.0.9:1, 3 times)",
    );
  });

  it("say that a link ended unused", () => {
    expect(step(findSteps(fresh, [{ ...link, state: "expired" }]), "fetched").state).toBe("failed");
  });

  it("name each right that is missing, and are complete without it", () => {
    const poor: Cluster = {
      ...here,
      permissions: { ...wholeReport, missing: [{ verbs: ["list", "watch"], resources: ["nodes"] }] },
    };
    const steps = findSteps(poor, []);
    expect(step(steps, "rights").details).toEqual(["It may not list, watch nodes in the whole cluster"]);
    expect(isComplete(steps)).toBe(true);
  });

  it("name each kind that is denied", () => {
    const denied: Cluster = {
      ...here,
      watches: [{ kind: "Node", state: "denied", since: "2026-11-21T09:00:00Z", message: "forbidden" }],
    };
    const found = step(findSteps(denied, []), "synced");
    expect(found.state).toBe("failed");
    expect(found.details).toEqual(["0 of 1 kinds", "Node is denied: forbidden"]);
  });
});
