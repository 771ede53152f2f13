/** Documents as people read them. */
import { stringify } from "yaml";

/** A trimmed object in YAML, its parts in the order that manifests have. */
export function toYaml(document: object): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}
