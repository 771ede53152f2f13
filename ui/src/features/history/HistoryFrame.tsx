import { Button, SegmentedControl } from "@mantine/core";
import { IconZoomOut } from "@tabler/icons-react";
import { Link, useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { paths } from "~/app/paths";
import { useZone, type Zone } from "~/app/preferences";
import { formatClock, formatDay, Page } from "~/components";
import { LabelFilter } from "~/components/matchers";

import styles from "./History.module.css";
import { readRange, SPANS, zoomOut, type RangeView } from "./ranges";

const TABS = [
  [paths.history(), "Timeline"],
  [paths.notifications(), "Notifications"],
  [paths.pastSilences(), "Silences"],
  [paths.noise(), "Noise"],
] as const;

export type TimeView = RangeView & { cluster?: string | undefined };

/** What all pages of the history have: where one is among them, and of which time and cluster they tell. */
export function HistoryFrame({
  title,
  view,
  onChange,
  filters,
  withCluster = true,
  children,
}: {
  title: string;
  view: TimeView;
  onChange: (change: TimeView, options?: { replace?: boolean }) => void;
  filters?: ReactNode;
  withCluster?: boolean;
  children: ReactNode;
}) {
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const { span, since, until, cluster } = view;
  return (
    <Page title={title}>
      <nav className={styles.tabs} aria-label="Parts of the history">
        {TABS.map(([to, label]) => (
          <Link
            key={to}
            to={to}
            search={{ span, since, until, cluster }}
            activeOptions={{ exact: true, includeSearch: false }}
            aria-current={pathname === to ? "page" : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
      <div className={styles.bar}>
        <TimeChoice view={view} onChange={onChange} />
        {withCluster && (
          <LabelFilter
            name="cluster"
            label="Only this cluster"
            placeholder="All clusters"
            value={cluster}
            onChange={(next) => onChange({ cluster: next })}
          />
        )}
        {filters}
      </div>
      {children}
    </Page>
  );
}

function TimeChoice({ view, onChange }: { view: RangeView; onChange: (change: RangeView) => void }) {
  const [zone] = useZone();
  const range = readRange(view);
  return (
    <>
      <SegmentedControl
        aria-label="Of which time"
        value={"span" in range ? range.span : ""}
        onChange={(span) =>
          onChange({ span: SPANS.find((one) => one === span), since: undefined, until: undefined })
        }
        data={SPANS.map((span) => ({ value: span, label: span }))}
      />
      <Button
        variant="default"
        leftSection={<IconZoomOut size={14} />}
        onClick={() => onChange(zoomOut(range, Date.now()))}
      >
        Zoom out
      </Button>
      {!("span" in range) && (
        <span className={styles.quiet}>
          {toMinute(range.since, zone)} to {toMinute(range.until, zone)}
        </span>
      )}
    </>
  );
}

function toMinute(time: string, zone: Zone): string {
  return `${formatDay(time, zone)} ${formatClock(time, zone).slice(0, 5)}`;
}
