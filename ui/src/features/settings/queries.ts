import { queryOptions } from "@tanstack/react-query";

import { get, type Answer } from "~/api";
import { RECEIVERS } from "~/components/receivers";

export type User = Answer<"/api/v1/users">["items"][number];
export type Team = Answer<"/api/v1/teams">["items"][number];
export type Token = Answer<"/api/v1/tokens">["items"][number];
export type OwnSession = Answer<"/api/v1/session/others">["items"][number];
export type Grant = User["grants"][number];
export type Receiver = Answer<"/api/v1/alerting/receivers">["items"][number];
export type Agent = Answer<"/api/v1/agents">["items"][number];
export type HubSettings = Answer<"/api/v1/settings">;
export type AuditPage = Answer<"/api/v1/audit">;
export type AuditEntry = AuditPage["items"][number];

export const keys = {
  users: ["settings", "users"] as const,
  teams: ["settings", "teams"] as const,
  tokens: ["settings", "tokens"] as const,
  sessions: ["settings", "sessions"] as const,
  audit: ["settings", "audit"] as const,
  verdict: ["settings", "audit", "verdict"] as const,
};

export const usersQuery = queryOptions({
  queryKey: keys.users,
  queryFn: ({ signal }) => get("/api/v1/users", { signal }),
});

export const teamsQuery = queryOptions({
  queryKey: keys.teams,
  queryFn: ({ signal }) => get("/api/v1/teams", { signal }),
});

export const rolesQuery = queryOptions({
  queryKey: ["settings", "roles"] as const,
  queryFn: ({ signal }) => get("/api/v1/roles", { signal }),
  staleTime: Infinity,
});

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: ({ signal }) => get("/api/v1/tokens", { signal }),
});

export const sessionsQuery = queryOptions({
  queryKey: keys.sessions,
  queryFn: ({ signal }) => get("/api/v1/session/others", { signal }),
});

export const receiversQuery = queryOptions({
  queryKey: [...RECEIVERS, "lately"],
  queryFn: ({ signal }) => get("/api/v1/alerting/receivers", { signal }),
});

export const agentsQuery = queryOptions({
  queryKey: ["settings", "agents"] as const,
  queryFn: ({ signal }) => get("/api/v1/agents", { signal }),
});

export const settingsQuery = queryOptions({
  queryKey: ["settings", "hub"] as const,
  queryFn: ({ signal }) => get("/api/v1/settings", { signal }),
});
