import type { Permission } from "~/app/session";

export interface Section {
  label: string;
  to: string;
  keywords: string;
  /** Without it, the section is not offered. */
  permission?: Permission;
}

/** The pages of the settings, in their order. */
export const SECTIONS: readonly Section[] = [
  { label: "Your account", to: "/settings/account", keywords: "password sessions sign out profile" },
  { label: "People", to: "/settings/people", keywords: "users grants add", permission: "users.manage" },
  { label: "Teams", to: "/settings/teams", keywords: "groups members", permission: "users.manage" },
  { label: "Roles", to: "/settings/roles", keywords: "permissions viewer operator admin" },
  { label: "Tokens", to: "/settings/tokens", keywords: "api key service personal" },
  {
    label: "Receivers",
    to: "/settings/receivers",
    keywords: "slack webhook test send",
    permission: "alerting.read",
  },
  { label: "Agents", to: "/settings/agents", keywords: "links versions rights", permission: "clusters.read" },
  {
    label: "Storage",
    to: "/settings/storage",
    keywords: "retention disk database version",
    permission: "settings.read",
  },
  { label: "Audit log", to: "/settings/audit", keywords: "who did what verify", permission: "audit.read" },
];
