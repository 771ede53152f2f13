import { Button, Checkbox, Popover, ScrollArea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { SeverityBadge } from "~/components";

import styles from "./Alerts.module.css";
import { readChoice, withoutChoice, writeChoice } from "./choices";
import { facetsQuery, type Count, type Mark, type Wanted } from "./queries";

type Change = (change: Partial<Wanted>) => void;
type LabelFacet = "severity" | "cluster" | "namespace" | "alertname";

/** What alerts can be narrowed down by, with how many there are of each. */
export function FacetBar({ wanted, onChange }: { wanted: Wanted; onChange: Change }) {
  return (
    <>
      <Severities wanted={wanted} onChange={onChange} />
      <StateFacet wanted={wanted} onChange={onChange} />
      <LabelFacetMenu name="cluster" title="Cluster" wanted={wanted} onChange={onChange} />
      <LabelFacetMenu name="namespace" title="Namespace" wanted={wanted} onChange={onChange} />
      <LabelFacetMenu name="alertname" title="Alert" wanted={wanted} onChange={onChange} />
    </>
  );
}

/** Counts as if this facet chose nothing: so one sees what else there is to choose. */
function useCounts(wanted: Wanted, name: LabelFacet | "state"): Count[] {
  const others =
    name === "state"
      ? { ...wanted, state: undefined }
      : { ...wanted, filter: nonEmpty(withoutChoice(wanted.filter, name)) };
  const { data } = useQuery({ ...facetsQuery(others), placeholderData: keepPreviousData, retry: false });
  return data?.facets?.[name] ?? [];
}

/** The same question has the same key: no filter and an empty one are one. */
function nonEmpty(filter: string[]): string[] | undefined {
  return filter.length > 0 ? filter : undefined;
}

function Severities({ wanted, onChange }: { wanted: Wanted; onChange: Change }) {
  const counts = useCounts(wanted, "severity");
  const chosen = readChoice(wanted.filter, "severity");
  return (
    <div className={styles.severities} role="group" aria-label="Severity">
      {withChosen(counts, chosen).map(({ value, count }) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen.includes(value)}
          onClick={() => onChange({ filter: writeChoice(wanted.filter, "severity", toggle(chosen, value)) })}
        >
          <SeverityBadge severity={value} count={count} />
        </button>
      ))}
    </div>
  );
}

function StateFacet({ wanted, onChange }: { wanted: Wanted; onChange: Change }) {
  const counts = useCounts(wanted, "state");
  const chosen = wanted.state ?? [];
  return (
    <FacetMenu
      title="State"
      counts={withChosen(counts, chosen)}
      chosen={chosen}
      onChange={(values) => onChange({ state: values.length > 0 ? (values as Mark[]) : undefined })}
    />
  );
}

function LabelFacetMenu({
  name,
  title,
  wanted,
  onChange,
}: {
  name: LabelFacet;
  title: string;
  wanted: Wanted;
  onChange: Change;
}) {
  const counts = useCounts(wanted, name);
  const chosen = readChoice(wanted.filter, name);
  return (
    <FacetMenu
      title={title}
      counts={withChosen(counts, chosen)}
      chosen={chosen}
      onChange={(values) => onChange({ filter: writeChoice(wanted.filter, name, values) })}
    />
  );
}

const SEARCHED_FROM = 9;

function FacetMenu({
  title,
  counts,
  chosen,
  onChange,
}: {
  title: string;
  counts: readonly Count[];
  chosen: readonly string[];
  onChange: (values: string[]) => void;
}) {
  const [search, setSearch] = useState("");
  const [isOpen, menu] = useDisclosure(false);
  const shown = counts.filter(({ value }) => value.toLowerCase().includes(search.toLowerCase()));
  return (
    <Popover
      opened={isOpen}
      onChange={(open) => !open && menu.close()}
      position="bottom-start"
      trapFocus
      width={280}
    >
      <Popover.Target>
        <Button
          variant={chosen.length > 0 ? "light" : "default"}
          size="compact-sm"
          onClick={menu.toggle}
          aria-expanded={isOpen}
          rightSection={<IconChevronDown size={13} />}
        >
          <span className={styles.choice}>
            {chosen.length === 0 ? title : `${title}: ${chosen.map(nameOf).join(", ")}`}
          </span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={8}>
        {counts.length >= SEARCHED_FROM && (
          <TextInput
            aria-label={`Search in ${title}`}
            placeholder="Search"
            mb={6}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        )}
        <ScrollArea.Autosize mah={300}>
          {shown.map(({ value, count }) => (
            <Checkbox
              key={value}
              my={6}
              checked={chosen.includes(value)}
              onChange={() => onChange(toggle(chosen, value))}
              styles={{ body: { alignItems: "center" }, labelWrapper: { flex: 1, minWidth: 0 } }}
              label={
                <span className={styles.facet}>
                  <span>{nameOf(value)}</span>
                  <span>{count}</span>
                </span>
              }
            />
          ))}
          {shown.length === 0 && <span className={styles.quiet}>Nothing to choose</span>}
        </ScrollArea.Autosize>
        {chosen.length > 0 && (
          <Button variant="subtle" size="compact-xs" mt={6} onClick={() => onChange([])}>
            Clear
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function nameOf(value: string): string {
  return value === "" ? "(none)" : value;
}

function toggle(chosen: readonly string[], value: string): string[] {
  return chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
}

/** What is chosen stays to be unchosen, also when no alert has it any more. */
function withChosen(counts: readonly Count[], chosen: readonly string[]): Count[] {
  const missing = chosen.filter((value) => !counts.some((count) => count.value === value));
  return [...counts, ...missing.map((value) => ({ value, count: 0 }))];
}
