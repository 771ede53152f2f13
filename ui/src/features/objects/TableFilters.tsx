import { Checkbox, MultiSelect, Popover, TagsInput, TextInput, Button } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconAdjustmentsHorizontal, IconSearch } from "@tabler/icons-react";
import { memo, useState } from "react";

import type { Kind } from "~/app/kinds";
import type { Level } from "~/components";

import styles from "./Objects.module.css";
import type { TableProps } from "./ObjectTable";
import type { Facets } from "./queries";

const LEVELS: readonly [Level, string][] = [
  ["bad", "Bad"],
  ["warn", "Not yet"],
  ["ok", "As it should be"],
  ["done", "Over"],
  ["unknown", "Unknown"],
];

/**
 * The filters of a table, with how many rows each would leave. They hold every namespace as a choice: drawing them again
 * for each page of rows that is read would be felt in scrolling.
 */
export const TableFilters = memo(TableFiltersOnce);

function TableFiltersOnce({
  kind,
  cluster,
  search,
  onSearch,
  facets,
  total,
}: TableProps & { facets: Facets | undefined; total: number | undefined }) {
  return (
    <div className={styles.filters}>
      <SearchInput
        kind={kind}
        value={search.q ?? ""}
        onChange={(q) => onSearch({ q: q || undefined }, { replace: true })}
      />
      {cluster === undefined && (
        <Choices
          label="Clusters"
          counts={facets?.clusters}
          chosen={search.cluster}
          onChoose={(chosen) => onSearch({ cluster: chosen })}
        />
      )}
      {kind.namespaced && (
        <Choices
          label="Namespaces"
          counts={facets?.namespaces}
          chosen={search.namespace}
          onChoose={(chosen) => onSearch({ namespace: chosen })}
        />
      )}
      <Choices
        label="Status"
        counts={facets?.statuses}
        chosen={search.status}
        onChoose={(chosen) => onSearch({ status: chosen })}
      />
      <MoreFilters search={search} onSearch={onSearch} />
      <div className={styles.levels} role="group" aria-label="How they stand">
        {LEVELS.map(([level, word]) => (
          <LevelChip
            key={level}
            level={level}
            word={word}
            count={facets?.levels[level] ?? 0}
            chosen={search.level?.includes(level) ?? false}
            onToggle={(chosen) => {
              const others = (search.level ?? []).filter((other) => other !== level);
              const next = chosen ? [...others, level] : others;
              onSearch({ level: next.length > 0 ? next : undefined });
            }}
          />
        ))}
      </div>
      <output className={styles.total}>
        {total === undefined ? "" : `${total.toLocaleString("en")} ${total === 1 ? "row" : "rows"}`}
      </output>
    </div>
  );
}

/** What is typed stands at once; what is asked of the hub follows when the hand rests. */
function SearchInput({
  kind,
  value,
  onChange,
}: {
  kind: Kind;
  value: string;
  onChange: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  const tell = useDebouncedCallback((next: string) => {
    setTold(next);
    onChange(next);
  }, 180);
  if (value !== told) {
    // The address changed by itself: back, forward, or "Show all".
    setTold(value);
    setText(value);
  }
  return (
    <TextInput
      className={styles.search}
      data-search=""
      aria-label={`Search ${kind.title}`}
      placeholder="Search name, namespace, status, labels"
      leftSection={<IconSearch size={14} />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        tell(event.currentTarget.value.trim());
      }}
    />
  );
}

function Choices({
  label,
  counts,
  chosen = [],
  onChoose,
}: {
  label: string;
  counts: Readonly<Record<string, number>> | undefined;
  chosen?: string[];
  onChoose: (chosen: string[] | undefined) => void;
}) {
  const names = [...new Set([...Object.keys(counts ?? {}), ...chosen])].filter(Boolean);
  return (
    <MultiSelect
      className={styles.choice}
      aria-label={label}
      placeholder={chosen.length > 0 ? undefined : label}
      searchable
      clearable
      limit={100}
      data={names}
      value={chosen}
      onChange={(next) => onChoose(next.length > 0 ? next : undefined)}
      renderOption={({ option }) => (
        <span className={styles.option}>
          <span>{option.value}</span>
          <span className={styles.quiet}>{(counts?.[option.value] ?? 0).toLocaleString("en")}</span>
        </span>
      )}
    />
  );
}

function MoreFilters({ search, onSearch }: Pick<TableProps, "search" | "onSearch">) {
  const [labels, setLabels] = useState(search.labels ?? "");
  const [applied, setApplied] = useState(search.labels);
  if (applied !== search.labels) {
    setApplied(search.labels);
    setLabels(search.labels ?? "");
  }
  const count = Number(search.labels !== undefined) + (search.column?.length ?? 0) + Number(search.wide ?? 0);
  return (
    <Popover width={340} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconAdjustmentsHorizontal size={14} />}>
          Labels and columns{count > 0 ? ` (${count})` : ""}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles.more}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onSearch({ labels: labels.trim() || undefined });
          }}
        >
          <TextInput
            label="Label selector"
            description="As kubectl takes it; Enter applies it"
            placeholder="app=web,tier!=db"
            value={labels}
            onChange={(event) => setLabels(event.currentTarget.value)}
            onBlur={() => onSearch({ labels: labels.trim() || undefined })}
            spellCheck={false}
          />
        </form>
        <TagsInput
          label="Label columns"
          description="Labels that get a column of their own"
          placeholder="app.kubernetes.io/name"
          splitChars={[",", " "]}
          acceptValueOnBlur
          value={search.column ?? []}
          onChange={(column) => onSearch({ column: column.length > 0 ? column : undefined })}
        />
        <Checkbox
          label="All columns, as with -o wide"
          checked={search.wide === true}
          onChange={(event) => onSearch({ wide: event.currentTarget.checked ? true : undefined })}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function LevelChip({
  level,
  word,
  count,
  chosen,
  onToggle,
}: {
  level: Level;
  word: string;
  count: number;
  chosen: boolean;
  onToggle: (chosen: boolean) => void;
}) {
  if (count === 0 && !chosen) return null;
  return (
    <button
      type="button"
      className={styles.level}
      data-level={level}
      aria-pressed={chosen}
      onClick={() => onToggle(!chosen)}
    >
      {word} <b>{count.toLocaleString("en")}</b>
    </button>
  );
}
