import { queryOptions } from "@tanstack/react-query";

import { get, post, request, type Answer, type components } from "~/api";

export type Cluster = Answer<"/api/v1/clusters/{name}">;
export type CreatedLink = Answer<"/api/v1/clusters/{name}/install", "post">;
export type InstallLink = Answer<"/api/v1/clusters/{name}/install">["items"][number];

export type HelmOptions = components["schemas"]["HelmOptions"];

/** What nobody tells of as it happens is looked at so often, while somebody waits for it. */
const WAITING_MS = 30_000;

export const keys = {
  all: ["onboarding"] as const,
  cluster: (name: string) => ["onboarding", "cluster", name] as const,
  links: (name: string) => ["onboarding", "links", name] as const,
  helm: (name: string, wanted: HelmOptions) => ["onboarding", "helm", name, wanted] as const,
  preview: (name: string, link: string) => ["onboarding", "preview", name, link] as const,
};

/** The cluster that is waited for. */
export const clusterQuery = (name: string) =>
  queryOptions({
    queryKey: keys.cluster(name),
    queryFn: ({ signal }) => get("/api/v1/clusters/{name}", { path: { name }, signal }),
    refetchInterval: (query) => (query.state.data?.agentState === "connected" ? false : WAITING_MS),
  });

/** Its install links: whether they were used, and from where. */
export const linksQuery = (name: string) =>
  queryOptions({
    queryKey: keys.links(name),
    queryFn: ({ signal }) => get("/api/v1/clusters/{name}/install", { path: { name }, signal }),
    refetchInterval: (query) =>
      query.state.data?.items.some((link) => link.state === "open") ? WAITING_MS : false,
  });

/** The command that installs the agent by Helm, with a token that is there already. */
export const helmQuery = (name: string, wanted: HelmOptions) =>
  queryOptions({
    queryKey: keys.helm(name, wanted),
    queryFn: ({ signal }) =>
      post("/api/v1/clusters/{name}/install/helm", { path: { name }, body: wanted, signal }),
    staleTime: Infinity,
    retry: false,
  });

/** What a link will deliver, with the agent's token masked. */
export const previewQuery = (name: string, link: string) =>
  queryOptions({
    queryKey: keys.preview(name, link),
    queryFn: async ({ signal }) =>
      String(
        await request("GET", "/api/v1/clusters/{name}/install/{link_id}", {
          path: { name, link_id: link },
          signal,
        }),
      ),
    staleTime: Infinity,
  });
