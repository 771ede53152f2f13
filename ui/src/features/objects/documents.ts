/** Documents as people read them. */
import { stringify } from "yaml";

/** A trimmed object in YAML, its parts in the order that manifests have. */
export function toYaml(document: object): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The same without what differs in every version. */
export function toComparable(document: object | null | undefined): string {
  if (!document) return "";
  const { metadata, ...rest } = document as { metadata?: Record<string, unknown> };
  const kept = Object.entries(metadata ?? {}).filter(
    ([name]) => name !== "resourceVersion" && name !== "generation",
  );
  return toYaml({ metadata: Object.fromEntries(kept), ...rest });
}
