import { Button, Drawer, SegmentedControl, TextInput, Title } from "@mantine/core";
import { IconExternalLink, IconSearch, IconStethoscope } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { useView } from "~/app/view";
import {
  DataTable,
  EmptyState,
  fixedRows,
  formatSpan,
  Page,
  QueryView,
  SeverityBadge,
  TimeAgo,
  type Column,
} from "~/components";

import { rulesRoute } from "./index";
import { detectorsQuery, LATELY_DAYS, type Detector } from "./queries";
import styles from "./Rules.module.css";

/** What the hub looks for, how that is set, and what each raised lately. */
export function DetectorsPage() {
  const [search, setSearch] = useView(rulesRoute);
  const query = useQuery(detectorsQuery);
  const words = (search.q ?? "").toLowerCase();
  return (
    <Page title="Detectors" aside={<span className={styles.quiet}>what the hub looks for by itself</span>}>
      <div className={styles.filters}>
        <TextInput
          data-search=""
          aria-label="Search detectors"
          placeholder="Search by name or meaning"
          leftSection={<IconSearch size={14} />}
          value={search.q ?? ""}
          onChange={(event) => setSearch({ q: event.currentTarget.value || undefined }, { replace: true })}
        />
        <SegmentedControl
          aria-label="Which detectors"
          value={search.show ?? "all"}
          data={[
            { value: "all", label: "All" },
            { value: "raised", label: "Raised something lately" },
            { value: "changed", label: "Set otherwise" },
          ]}
          onChange={(show) => setSearch({ show: show === "raised" || show === "changed" ? show : undefined })}
        />
      </div>
      <QueryView query={query}>
        {({ items }) => (
          <>
            <DataTable
              label="Detectors"
              rows={fixedRows(
                items
                  .filter(({ name, meaning }) => `${name} ${meaning}`.toLowerCase().includes(words))
                  .filter(
                    ({ raised, changed }) =>
                      search.show === undefined || (search.show === "raised" ? raised !== null : changed),
                  ),
              )}
              columns={COLUMNS}
              rowKey={({ name }) => name}
              onOpen={({ name }) => setSearch({ detector: name })}
              narrow={(detector) => (
                <>
                  <b>{detector.name}</b>
                  <br />
                  {describeRaised(detector)}
                </>
              )}
              empty={<EmptyState icon={IconStethoscope} title="No detector fits" text="Search for less." />}
            />
            <DetectorDrawer
              detector={items.find(({ name }) => name === search.detector)}
              onClose={() => setSearch({ detector: undefined })}
            />
          </>
        )}
      </QueryView>
    </Page>
  );
}

const COLUMNS: readonly Column<Detector>[] = [
  { id: "name", title: "Detector", cell: ({ name }) => <b>{name}</b>, width: { share: 2.6 } },
  { id: "kind", title: "Watches", cell: ({ kind }) => kind, from: 900 },
  {
    id: "severity",
    title: "Severity",
    cell: ({ settings }) =>
      settings.enabled ? <SeverityBadge severity={settings.severity} /> : <span>switched off</span>,
  },
  {
    id: "hold",
    title: "Raised after",
    cell: ({ settings }) => formatSpan(settings.holdSeconds),
    align: "end",
    from: 800,
  },
  {
    id: "calm",
    title: "Over after",
    cell: ({ settings }) => formatSpan(settings.calmSeconds),
    align: "end",
    from: 800,
  },
  { id: "set", title: "Set", cell: ({ changed }) => (changed ? "otherwise" : "as built in"), from: 1000 },
  {
    id: "firing",
    title: "Firing",
    cell: ({ firing }) => (firing > 0 ? <b>{firing}</b> : "–"),
    align: "end",
    width: { pixels: 80 },
  },
  {
    id: "raised",
    title: `In ${LATELY_DAYS} days`,
    cell: ({ raised }) => raised?.firings ?? "–",
    align: "end",
    width: { pixels: 90 },
  },
];

function DetectorDrawer({ detector, onClose }: { detector: Detector | undefined; onClose: () => void }) {
  return (
    <Drawer
      opened={detector !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={detector?.name}
    >
      {detector !== undefined && <Details detector={detector} />}
    </Drawer>
  );
}

function Details({ detector }: { detector: Detector }) {
  const { settings, defaults, overrides, raised } = detector;
  const set: [string, string, string][] = [
    ["enabled", settings.enabled ? "yes" : "no", defaults.enabled ? "yes" : "no"],
    ["severity", settings.severity, defaults.severity],
    ["hold", formatSpan(settings.holdSeconds), formatSpan(defaults.holdSeconds)],
    ["calm", formatSpan(settings.calmSeconds), formatSpan(defaults.calmSeconds)],
    ...Object.entries(settings.limits).map(([name, value]): [string, string, string] => [
      name,
      String(value),
      String(defaults.limits[name] ?? ""),
    ]),
  ];
  return (
    <div className={styles.details}>
      <p>{detector.meaning}</p>
      <p className={styles.quiet}>{describeRaised(detector)}</p>
      <div className={styles.filters}>
        <Button
          component={Link}
          to={paths.alerts()}
          search={{ filter: [`alertname="${detector.name}"`] } as never}
          variant="default"
        >
          Its alerts
        </Button>
        <Button
          component="a"
          href={`/runbooks/${encodeURIComponent(detector.name)}`}
          target="_blank"
          rel="noopener"
          variant="default"
          rightSection={<IconExternalLink size={14} />}
        >
          Runbook
        </Button>
      </div>
      <Title order={2}>Settings</Title>
      <table className={styles.settings}>
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">In force</th>
            <th scope="col">Built in</th>
          </tr>
        </thead>
        <tbody>
          {set.map(([name, value, built]) => (
            <tr key={name} data-changed={value !== built || undefined}>
              <th scope="row">{name}</th>
              <td>{value}</td>
              <td className={styles.quiet}>{built}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {overrides.length > 0 && (
        <>
          <Title order={2}>Set otherwise for some</Title>
          <ul>
            {overrides.map((each) => (
              <li key={JSON.stringify(each)}>
                {each.namespaces.length > 0 ? `in ${each.namespaces.join(", ")}` : "everywhere"}
                {each.selector && `, with ${each.selector}`}: {JSON.stringify(each.set)}
              </li>
            ))}
          </ul>
        </>
      )}
      {raised !== null && raised.latest.length > 0 && (
        <>
          <Title order={2}>Raised lately</Title>
          <ul className={styles.plain}>
            {raised.latest.map((example) => (
              <li key={`${example.fingerprint} ${example.time}`}>
                <TimeAgo time={example.time} />{" "}
                <Link to={paths.alert(example.fingerprint)}>
                  {describeSubject(example.labels) || detector.name}
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function describeRaised({ raised, firing }: Detector): string {
  if (raised === null) return `Raised nothing in the last ${LATELY_DAYS} days.`;
  const times = raised.firings === 1 ? "once" : `${raised.firings} times`;
  const where = raised.clusters === 1 ? "one cluster" : `${raised.clusters} clusters`;
  return `Raised ${times} in ${where} in the last ${LATELY_DAYS} days; ${firing} firing now.`;
}

/** What an alert is about, by its labels: `prod / shop / web`. */
function describeSubject(labels: Record<string, string>): string {
  const { cluster, namespace } = labels;
  const subject = ["pod", "workload", "deployment", "node", "name"].map((name) => labels[name]).find(Boolean);
  return [cluster, namespace, subject].filter(Boolean).join(" / ");
}
