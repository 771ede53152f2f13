import { IconChevronRight } from "@tabler/icons-react";
import { useQueries, useQuery, keepPreviousData } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";

import { paths } from "~/app/paths";
import { DataTable, fixedRows, SeverityBadge, TimeAgo, type Column, type Rows } from "~/components";
import { NarrowRow } from "~/components/NarrowRow";

import { ACTION_KEYS, useAlertActions, type ActionKind } from "./AlertActions";
import styles from "./Alerts.module.css";
import { alertColumns, NarrowAlert } from "./columns";
import { NoAlerts } from "./NoAlerts";
import {
  groupsQuery,
  GROUP_PAGE,
  membersQuery,
  readMembers,
  wantedOf,
  type Alert,
  type Group,
  type GroupBy,
  type Wanted,
} from "./queries";
import { SelectionBar } from "./SelectionBar";
import { useSelection } from "./selection";

type Line = { group: Group; isOpen: boolean } | { alert: Alert; of: string } | { more: Group };

/** Alerts put together, each group with its counts; an open one shows its alerts below. */
export function GroupTable({
  wanted,
  by,
  open,
  onOpen,
  onShow,
}: {
  wanted: Wanted;
  by: GroupBy;
  /** Ids of the open groups. */
  open: readonly string[];
  onOpen: (open: string[]) => void;
  /** Shows the alerts of a group alone. */
  onShow: (wanted: Wanted) => void;
}) {
  const navigate = useNavigate();
  const groups = useQuery({ ...groupsQuery(wanted, by), placeholderData: keepPreviousData });
  const items = useMemo(() => groups.data?.items ?? [], [groups.data]);
  const opened = useMemo(() => items.filter((group) => open.includes(group.id)), [items, open]);
  const members = useQueries({
    queries: opened.map((group) => membersQuery(wanted, group)),
    combine: (results) => results.map((result) => result.data?.rows),
  });
  const rows = useMemo<Rows<Line>>(() => {
    const byGroup = new Map(opened.map((group, place) => [group.id, members[place]]));
    return {
      ...fixedRows(items.flatMap((group) => toLines(group, byGroup.has(group.id), byGroup.get(group.id)))),
      isLoading: groups.isPending,
      error: groups.error,
      retry: () => void groups.refetch(),
    };
  }, [items, opened, members, groups]);
  const selection = useSelection();
  const actions = useAlertActions(selection.clear);
  const toggle = (id: string) => onOpen(open.includes(id) ? open.filter((one) => one !== id) : [...open, id]);

  const onActivate = (line: Line) => {
    if ("group" in line) toggle(line.group.id);
    else if ("more" in line) onShow(wantedOf(wanted, line.more));
    else void navigate({ to: paths.alert(line.alert.fingerprint) });
  };
  const actOn = async (kind: ActionKind, line: Line | undefined) => {
    if (selection.alerts.length > 0) actions.open(kind, selection.alerts);
    else if (line !== undefined && "alert" in line) actions.open(kind, [line.alert]);
    else if (line !== undefined && "group" in line) actions.open(kind, await readMembers(wanted, line.group));
  };
  const onKey = (pressed: string, line: Line | undefined) => {
    const kind = ACTION_KEYS[pressed];
    if (kind !== undefined) void actOn(kind, line);
    else if (pressed === "Escape" && selection.alerts.length > 0) selection.clear();
    else if (pressed === "ArrowRight" && line !== undefined && "group" in line && !line.isOpen)
      toggle(line.group.id);
    else if (pressed === "ArrowLeft" && line !== undefined && "group" in line && line.isOpen)
      toggle(line.group.id);
    else return false;
    return true;
  };
  const choose = (chosen: ReadonlySet<string>) => {
    const found: Alert[] = [];
    for (let place = 0; place < rows.total; place += 1) {
      const line = rows.at(place);
      if (line !== undefined && "alert" in line) found.push(line.alert);
    }
    const asked = items.filter((group) => chosen.has(toKey({ group, isOpen: false })));
    const kept = new Set([...chosen].filter((key) => !key.startsWith(GROUP_KEY)).map(toFingerprint));
    selection.keep(kept, found);
    for (const group of asked) void chooseGroup(group);
  };
  /** A group's box chooses all its alerts; again, none of them. */
  const chooseGroup = async (group: Group) => {
    const all = await readMembers(wanted, group);
    const isChosen = all.every((alert) => selection.keys.has(alert.fingerprint));
    const next = new Set(selection.keys);
    for (const { fingerprint } of all) {
      if (isChosen) next.delete(fingerprint);
      else next.add(fingerprint);
    }
    selection.keep(next, all);
  };
  const selected = useMemo(() => {
    const chosen = new Set<string>();
    for (let place = 0; place < rows.total; place += 1) {
      const line = rows.at(place);
      if (line !== undefined && "alert" in line && selection.keys.has(line.alert.fingerprint))
        chosen.add(toKey(line));
    }
    return chosen;
  }, [rows, selection.keys]);
  return (
    <>
      <DataTable
        label="Groups of alerts"
        columns={groupColumns}
        rows={rows}
        rowKey={toKey}
        onOpen={onActivate}
        onKey={onKey}
        selected={selected}
        onSelect={choose}
        narrow={(line) => <NarrowLine line={line} />}
        empty={<NoAlerts wanted={wanted} />}
        height="calc(100dvh - 204px)"
      />
      <SelectionBar
        selection={selection}
        total={groups.data?.alerts ?? 0}
        onAct={(kind) => actions.open(kind, selection.alerts)}
      />
      {actions.dialogs}
    </>
  );
}

const GROUP_KEY = "group ";

function toLines(group: Group, isOpen: boolean, alerts: readonly Alert[] | undefined): Line[] {
  const head: Line = { group, isOpen };
  if (!isOpen || alerts === undefined) return [head];
  const lines: Line[] = [head, ...alerts.map((alert) => ({ alert, of: group.id }))];
  return group.alerts > GROUP_PAGE ? [...lines, { more: group }] : lines;
}

/** An alert may be in several groups: its row is named by both. */
function toKey(line: Line): string {
  if ("group" in line) return GROUP_KEY + line.group.id;
  return "more" in line ? `more ${line.more.id}` : `${line.alert.fingerprint} ${line.of}`;
}

function toFingerprint(key: string): string {
  return key.split(" ")[0] ?? key;
}

const groupColumns: readonly Column<Line>[] = alertColumns.map((column) => ({
  ...column,
  sortable: false,
  cell: (line) =>
    "alert" in line ? (
      column.id === "name" ? (
        <span className={styles.indent}>{column.cell(line.alert)}</span>
      ) : (
        column.cell(line.alert)
      )
    ) : (
      ofGroup(line, column.id)
    ),
}));

function ofGroup(line: Exclude<Line, { alert: Alert }>, column: string) {
  if ("more" in line) {
    const left = line.more.alerts - GROUP_PAGE;
    return column === "name" ? (
      <span className={styles.indent}>Show {left.toLocaleString("en")} more …</span>
    ) : null;
  }
  const { group } = line;
  switch (column) {
    case "severity":
      return <SeverityBadge severity={group.severity} />;
    case "name":
      return <GroupHead line={line} />;
    case "object":
      return group.alerts > 1 ? <Severities group={group} /> : null;
    case "state":
      return (
        <span className={styles.quiet} title={sayStates(group)}>
          {sayStates(group)}
        </span>
      );
    case "receiver":
      return group.notified?.receiver;
    case "age":
      return <TimeAgo time={group.newestAt} style="span" />;
    default:
      return group.labels[column];
  }
}

function GroupHead({ line: { group, isOpen } }: { line: { group: Group; isOpen: boolean } }) {
  const labels = Object.entries(group.labels);
  // The cluster has a column of its own.
  const naming = labels.filter(([label]) => label !== "cluster");
  const name = (naming.length > 0 ? naming : labels).map(([, value]) => value).join(" · ");
  const title = labels.map(([label, value]) => `${label}=${value}`).join(", ");
  return (
    <span className={styles.groupHead} title={title}>
      <IconChevronRight size={14} data-open={isOpen || undefined} />
      <span>{name === "" ? "No labels in common" : name}</span>
      <i>
        {group.alerts.toLocaleString("en")} {group.alerts === 1 ? "alert" : "alerts"}
      </i>
    </span>
  );
}

function Severities({ group }: { group: Group }) {
  return (
    <span className={styles.counts}>
      {group.severities.map(({ value, count }) => (
        <SeverityBadge key={value} severity={value} count={count} />
      ))}
    </span>
  );
}

function sayStates(group: Group): string {
  return group.states
    .filter(({ value }) => value !== "active")
    .map(({ value, count }) => `${count} ${value}`)
    .join(", ");
}

function NarrowLine({ line }: { line: Line }) {
  if ("alert" in line) return <NarrowAlert alert={line.alert} />;
  if ("more" in line) return ofGroup(line, "name");
  return (
    <NarrowRow>
      <GroupHead line={line} />
      <TimeAgo time={line.group.newestAt} style="span" />
      <Severities group={line.group} />
      <span className={styles.quiet}>{sayStates(line.group)}</span>
    </NarrowRow>
  );
}
