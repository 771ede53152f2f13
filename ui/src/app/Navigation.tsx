import { Tooltip } from "@mantine/core";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { Link, useRouterState } from "@tanstack/react-router";

import type { NavEntry } from "./feature";
import { navEntries } from "./features";
import { Logo } from "./Logo";
import styles from "./Navigation.module.css";
import { useNarrowNavigation } from "./preferences";
import { useSession } from "./session";

const GROUPS = [
  ["watch", "Watch"],
  ["configure", "Configure"],
] as const;

export function Navigation({ narrow }: { narrow: boolean }) {
  const { session } = useSession();
  const held = new Set(session?.permissions.map((one) => one.permission));
  const seen = navEntries.filter((entry) => entry.permission === undefined || held.has(entry.permission));
  return (
    <nav className={styles.navigation} aria-label="Pages" data-narrow={narrow || undefined}>
      <Link to="/" className={styles.brand} aria-label="Farwatch: overview">
        <Logo size={22} />
        {!narrow && <span>Farwatch</span>}
      </Link>
      {GROUPS.map(([group, title]) => {
        const entries = seen.filter((entry) => entry.group === group);
        return entries.length === 0 ? null : (
          <ul key={group} aria-label={title}>
            {entries.map((entry) => (
              <Entry key={entry.to} entry={entry} narrow={narrow} />
            ))}
          </ul>
        );
      })}
      <div className={styles.space} />
      <NarrowSwitch />
    </nav>
  );
}

/** Whether an address is an entry's page, or one below it. */
export function isCurrent(entry: Pick<NavEntry, "to" | "also">, pathname: string): boolean {
  const isAt = (place: string) =>
    place === "/" ? pathname === "/" : pathname === place || pathname.startsWith(`${place}/`);
  return [entry.to, ...(entry.also ?? [])].some(isAt);
}

function Entry({ entry, narrow }: { entry: NavEntry; narrow: boolean }) {
  const current = useRouterState({ select: (state) => isCurrent(entry, state.location.pathname) });
  const Icon = entry.icon;
  return (
    <li>
      <Tooltip label={entry.label} position="right" disabled={!narrow}>
        <Link
          to={entry.to}
          className={styles.entry}
          data-current={current || undefined}
          aria-current={current ? "page" : undefined}
          aria-label={narrow ? entry.label : undefined}
        >
          <Icon size={17} stroke={1.7} />
          {!narrow && <span>{entry.label}</span>}
        </Link>
      </Tooltip>
    </li>
  );
}

function NarrowSwitch() {
  const [narrow, setNarrow] = useNarrowNavigation();
  const Icon = narrow ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  return (
    <button
      type="button"
      className={styles.switch}
      onClick={() => setNarrow(!narrow)}
      aria-label={narrow ? "Widen the navigation" : "Narrow the navigation"}
    >
      <Icon size={17} stroke={1.7} />
    </button>
  );
}
