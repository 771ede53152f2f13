import { MultiSelect } from "@mantine/core";
import { IconTag } from "@tabler/icons-react";

import { toChoices } from "./selector";

/** Chooses clusters by their labels. There is nothing to choose by while no cluster has one. */
export function LabelFilter({
  labels,
  chosen,
  onChoose,
}: {
  labels: Readonly<Record<string, readonly string[]>>;
  chosen: string[];
  onChoose: (chosen: string[]) => void;
}) {
  const choices = toChoices(labels, chosen);
  if (choices.length === 0) return null;
  return (
    <MultiSelect
      data-search=""
      aria-label="Clusters with these labels"
      placeholder={chosen.length === 0 ? "Filter by cluster labels" : undefined}
      leftSection={<IconTag size={14} />}
      data={choices}
      value={chosen}
      onChange={onChoose}
      searchable
      clearable
      hidePickedOptions
      nothingFoundMessage="No cluster has such a label"
      maxDropdownHeight={320}
      w={{ base: "100%", sm: 300 }}
    />
  );
}
