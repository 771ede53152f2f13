/**
 * The addresses of every page, in one place: pages link to one another by these alone.
 *
 * The first part of each must be known to the hub (`PAGES` in src/farwatch/hub/console/routes.py), or loading the page
 * anew finds nothing; a test compares the two.
 */

/** Stands in an address for "no namespace". */
export const NO_NAMESPACE = "-";

const part = encodeURIComponent;

export const paths = {
  overview: () => "/",
  login: () => "/login",

  alerts: () => "/alerts",
  alert: (fingerprint: string) => `/alerts/${part(fingerprint)}`,

  history: () => "/history",
  notifications: () => "/history/notifications",
  pastSilences: () => "/history/silences",
  noise: () => "/history/noise",

  silences: () => "/silences",

  clusters: () => "/clusters",
  newCluster: () => "/clusters/new",
  cluster: (cluster: string) => `/clusters/${part(cluster)}`,
  clusterObjects: (cluster: string, kind: string) => `/clusters/${part(cluster)}/${part(kind)}`,
  object: (cluster: string, kind: string, namespace: string, name: string) =>
    `/clusters/${part(cluster)}/${part(kind)}/${part(namespace || NO_NAMESPACE)}/${part(name)}`,

  objects: (kind: string) => `/objects/${part(kind)}`,

  rules: () => "/rules",
  routing: () => "/routing",
  configuration: () => "/routing/config",

  settings: (page: string) => `/settings/${part(page)}`,
} as const;

/** The namespace that a part of an address stands for. */
export function toNamespace(part: string): string {
  return part === NO_NAMESPACE ? "" : part;
}
