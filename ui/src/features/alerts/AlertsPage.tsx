import { SegmentedControl, Select } from "@mantine/core";
import { IconBellOff } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useView } from "~/app/view";
import { ActionButton, Page } from "~/components";
import { MatcherBar, readMatcherFault } from "~/components/matchers";
import { SilenceDrawer, type SilenceDraft } from "~/components/silencing";

import { alertsRoute, type AlertsView } from ".";
import { AlertTable } from "./AlertTable";
import styles from "./Alerts.module.css";
import { FacetBar } from "./FacetBar";
import { GroupTable } from "./GroupTable";
import { facetsQuery, type GroupBy, type Wanted } from "./queries";

const GROUPED = [
  { value: "", label: "Not grouped" },
  { value: "route", label: "As routed" },
  { value: "cluster", label: "By cluster" },
  { value: "namespace", label: "By namespace" },
  { value: "workload", label: "By workload" },
  { value: "alertname", label: "By alert name" },
];

/** Every alert, narrowed down, ordered or grouped as one likes, and what can be done about many of them at once. */
export function AlertsPage() {
  const [view, setView] = useView(alertsRoute);
  const [draft, setDraft] = useState<SilenceDraft>();
  const wanted = wantedOf(view);
  const counted = useQuery({ ...facetsQuery(wanted), placeholderData: keepPreviousData, retry: false });
  const change = (next: Partial<Wanted>) => setView(next);
  return (
    <Page
      title="Alerts"
      aside={
        <span className={styles.quiet} role="status">
          {counted.data === undefined ? "" : sayTotal(counted.data.total, view)}
        </span>
      }
      actions={
        <ActionButton
          permission="silences.write"
          variant="default"
          leftSection={<IconBellOff size={14} />}
          onClick={() => setDraft({ matchers: view.filter ?? [] })}
        >
          New silence
        </ActionButton>
      }
    >
      <MatcherBar
        label="Filter alerts"
        placeholder='Filter: severity="critical", or any words  ( / )'
        matchers={view.filter ?? []}
        onChange={(filter) => setView({ filter: filter.length > 0 ? filter : undefined, group: undefined })}
        words={view.q}
        onWords={(q) => setView({ q })}
        fault={readMatcherFault(counted.error, view.filter?.length)}
      />
      <div className={styles.bar}>
        <FacetBar wanted={wanted} onChange={change} />
        <div className={styles.end}>
          <SegmentedControl
            aria-label="Which alerts"
            value={view.status ?? "firing"}
            onChange={(status) => setView({ status: status === "firing" ? undefined : status })}
            data={[
              { value: "firing", label: "Firing" },
              { value: "resolved", label: "Resolved" },
              { value: "all", label: "All" },
            ]}
          />
          <Select
            aria-label="Group alerts"
            w={136}
            allowDeselect={false}
            value={view.by ?? ""}
            onChange={(by) =>
              setView({ by: by ? (by as GroupBy) : undefined, open: undefined, group: undefined })
            }
            data={GROUPED}
          />
        </div>
      </div>
      {view.by === undefined ? (
        <AlertTable wanted={wanted} sort={view.sort} onSort={(sort) => setView({ sort })} />
      ) : (
        <GroupTable
          wanted={wanted}
          by={view.by}
          open={view.open ?? []}
          onOpen={(open) => setView({ open: open.length > 0 ? open : undefined }, { replace: true })}
          onShow={({ filter, group }) =>
            setView({ filter: filter?.length ? filter : undefined, group, by: undefined, open: undefined })
          }
        />
      )}
      <SilenceDrawer draft={draft} onClose={() => setDraft(undefined)} />
    </Page>
  );
}

/** The alerts that a view asks for; what is not asked for is left out, so that equal questions have equal keys. */
function wantedOf({ status, filter, q, state, receiver, group }: AlertsView): Wanted {
  return { status: status ?? "firing", filter, q, state, receiver, group };
}

function sayTotal(total: number, { status }: AlertsView): string {
  const number = total.toLocaleString("en");
  if (status === "resolved") return `${number} resolved lately`;
  return status === "all" ? `${number} in all` : `${number} firing`;
}
