import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { formatSpan, Page, QueryView, TimeAgo } from "~/components";
import { ScrollRegion } from "~/components/ScrollRegion";

import { formatBytes } from "../bytes";
import { settingsQuery, type HubSettings } from "../queries";
import styles from "../Settings.module.css";

/** What the hub keeps, for how long, and what that takes. */
export function StoragePage() {
  const query = useQuery(settingsQuery);
  return (
    <Page title="Storage and settings">
      <QueryView query={query}>{(settings) => <Contents settings={settings} />}</QueryView>
    </Page>
  );
}

function Contents({ settings }: { settings: HubSettings }) {
  const { records, telemetry, data, backups } = settings;
  const tables = telemetry.tables ?? [];
  const most = Math.max(...tables.map(({ diskBytes }) => diskBytes), 1);
  return (
    <>
      <ScrollRegion label="What is kept">
        <table className={styles.matrix}>
          <thead>
            <tr>
              <th scope="col">What is kept</th>
              <th scope="col">For</th>
              <th scope="col">Since</th>
              <th scope="col">Rows</th>
              <th scope="col">On disk</th>
            </tr>
          </thead>
          <tbody>
            {tables.map((table) => (
              <tr key={table.name}>
                <th scope="row">
                  {table.name}
                  <div className={styles.meaning}>{table.meaning}</div>
                </th>
                <td>{table.retentionDays == null ? "ever" : `${table.retentionDays} days`}</td>
                <td>{table.oldest == null ? "–" : <TimeAgo time={table.oldest} />}</td>
                <td>{table.rows.toLocaleString("en")}</td>
                <td>
                  <span>{formatBytes(table.diskBytes)}</span>
                  <meter
                    className={styles.meter}
                    value={table.diskBytes}
                    max={most}
                    aria-label={`${table.name} on disk`}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <dl className={styles.facts}>
        <Fact name="Telemetry" problem={telemetry.problem}>
          {telemetry.engine}, {formatBytes(telemetry.diskBytes ?? 0)}
          {(telemetry.pendingBytes ?? 0) > 0 &&
            `, ${formatBytes(telemetry.pendingBytes ?? 0)} waiting to be written`}
        </Fact>
        <Fact name="Records" problem={records.problem}>
          {records.engine}, {formatBytes(records.diskBytes ?? 0)}, {records.address}
        </Fact>
        <Fact name="Data" problem={data.problem}>
          {data.path}
          {(data.totalBytes ?? 0) > 0 &&
            `: ${formatBytes(data.freeBytes ?? 0)} of ${formatBytes(data.totalBytes ?? 0)} free`}
        </Fact>
        <Fact name="Backups" problem={backups.problem}>
          {backups.path}
        </Fact>
        <Fact name="Address">{settings.externalUrl}</Fact>
        <Fact name="Listens on">
          {[settings.listen, settings.alertmanagerListen].filter(Boolean).join(", ")}
        </Fact>
        <Fact name="Version">
          {settings.version}, running since <TimeAgo time={settings.startedAt} />
          {settings.standby && "; other hubs may stand by"}
        </Fact>
        <Fact name="Alerting">{settings.alertingFile || "kept in the hub"}</Fact>
        <Fact name="Detectors">{settings.detectorsFile || "as built in"}</Fact>
        <Fact name="An agent is lost after">{formatSpan(settings.agentGraceSeconds)}</Fact>
        <Fact name="Evidence may take">{formatSpan(settings.evidenceWaitSeconds)}</Fact>
        <Fact name="Heartbeat">{settings.heartbeat ? "sent" : "not sent"}</Fact>
      </dl>
    </>
  );
}

function Fact({ name, problem, children }: { name: string; problem?: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {problem !== undefined && problem !== "" && <div className={styles.fault}>{problem}</div>}
      </dd>
    </div>
  );
}
