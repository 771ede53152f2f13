import { MultiSelect, SegmentedControl, TagsInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { get } from "~/api";
import { readLabels } from "~/components/clusterRules";
import { LabelsInput } from "~/components/LabelsInput";

import type { Grant } from "./queries";
import styles from "./Settings.module.css";

const ROLES: Record<Grant["role"], string> = {
  viewer: "sees everything there, and changes nothing",
  operator: "also acknowledges, silences and posts alerts",
  admin: "may do everything there",
};

/** A grant as it is being written. */
export interface WantedGrant {
  role: Grant["role"];
  clusters: string[];
  /** Each `name=value`. */
  labels: string[];
  namespaces: string[];
}

/** What a form begins with. */
export const NO_GRANT: WantedGrant = { role: "viewer", clusters: [], labels: [], namespaces: [] };

/** As the hub takes it. */
export function toWanted({ role, clusters, labels, namespaces }: WantedGrant) {
  return { role, scope: { clusters, clusterLabels: readLabels(labels), namespaces } };
}

/** A role, and where it holds; what is left empty does not narrow it. */
export function GrantForm({
  value,
  onChange,
}: {
  value: WantedGrant;
  onChange: (grant: WantedGrant) => void;
}) {
  const clusters = useQuery({
    queryKey: ["settings", "clusters"],
    queryFn: ({ signal }) => get("/api/v1/clusters", { signal }),
    select: ({ items }) => items.map(({ name }) => name),
  });
  const set = (change: Partial<WantedGrant>) => onChange({ ...value, ...change });
  return (
    <>
      <div>
        <SegmentedControl
          aria-label="Role"
          fullWidth
          value={value.role}
          data={Object.keys(ROLES)}
          onChange={(role) => set({ role: role as Grant["role"] })}
        />
        <p className={styles.hint}>
          A {value.role} {ROLES[value.role]}.
        </p>
      </div>
      <MultiSelect
        label="Only in these clusters"
        placeholder={value.clusters.length === 0 ? "every cluster" : undefined}
        searchable
        clearable
        data={clusters.data ?? []}
        value={value.clusters}
        onChange={(chosen) => set({ clusters: chosen })}
      />
      <LabelsInput
        label="Only in clusters with these labels"
        value={value.labels}
        onChange={(labels) => set({ labels })}
      />
      <TagsInput
        label="Only in these namespaces"
        placeholder={value.namespaces.length === 0 ? "every namespace" : undefined}
        splitChars={[",", " "]}
        acceptValueOnBlur
        clearable
        value={value.namespaces}
        onChange={(namespaces) => set({ namespaces })}
      />
    </>
  );
}
