import type { Grant } from "./queries";

/** Where a grant holds, in words: `everywhere`, `in shop of prod-eu`, `in clusters with env=prod`. */
export function describeScope(scope: Grant["scope"] = {}): string {
  const clusters = scope.clusters ?? [];
  const namespaces = scope.namespaces ?? [];
  const labels = Object.entries(scope.clusterLabels ?? {}).map(([name, value]) => `${name}=${value}`);
  const where = [
    clusters.length > 0 ? clusters.join(", ") : "",
    labels.length > 0 ? `clusters with ${labels.join(", ")}` : "",
  ].filter(Boolean);
  if (namespaces.length === 0) return where.length === 0 ? "everywhere" : `in ${where.join(", ")}`;
  return `in ${namespaces.join(", ")} of ${where.length === 0 ? "every cluster" : where.join(", ")}`;
}

/** A grant as people say it: `operator in shop of prod-eu`. */
export function describeGrant(grant: Pick<Grant, "role"> & Partial<Grant>): string {
  return `${grant.role} ${describeScope(grant.scope)}`;
}
