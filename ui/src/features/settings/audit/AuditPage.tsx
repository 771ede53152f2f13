import { Alert, Button, Drawer, SegmentedControl, TextInput } from "@mantine/core";
import { IconDownload, IconHistory, IconShieldCheck } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { get } from "~/api";
import { useView } from "~/app/view";
import {
  DataTable,
  EmptyState,
  fixedRows,
  Page,
  StatusBadge,
  TimeAgo,
  type Column,
  type Level,
} from "~/components";
import { Refusal } from "~/components/Refusal";
import { CodeView } from "~/components/CodeView";

import { auditRoute } from "../index";
import { keys, type AuditEntry } from "../queries";
import styles from "../Settings.module.css";

const PAGE = 200;
const LEVELS: Record<AuditEntry["result"], Level> = {
  ok: "ok",
  denied: "warn",
  failed: "bad",
  unknown: "unknown",
};

/** Who did what, from where, and how it ended. */
export function AuditPage() {
  const [search, setSearch] = useView(auditRoute);
  const [open, setOpen] = useState<AuditEntry>();
  const query = useInfiniteQuery({
    queryKey: [...keys.audit, search],
    queryFn: ({ pageParam, signal }) =>
      get("/api/v1/audit", { query: { ...search, limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: "",
    getNextPageParam: ({ cursor }) => cursor || undefined,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title="Audit log" actions={<Verify />}>
      <div className={styles.filters}>
        {(["actor", "action", "target"] as const).map((name) => (
          <TextInput
            key={name}
            aria-label={`Filter by ${name}`}
            placeholder={{ actor: "Who", action: "What: silence.*", target: "To what" }[name]}
            value={search[name] ?? ""}
            onChange={(event) =>
              setSearch({ [name]: event.currentTarget.value || undefined }, { replace: true })
            }
          />
        ))}
        <SegmentedControl
          aria-label="Result"
          value={search.result ?? ""}
          data={[
            { value: "", label: "All" },
            { value: "ok", label: "Done" },
            { value: "denied", label: "Denied" },
            { value: "failed", label: "Failed" },
          ]}
          onChange={(result) => setSearch({ result: result || undefined })}
        />
      </div>
      <DataTable
        label="Audit log"
        rows={{
          ...fixedRows(items),
          isLoading: query.isPending,
          error: query.data === undefined ? query.error : null,
          retry: () => void query.refetch(),
          show: (_, last) => {
            if (last >= items.length - 20 && query.hasNextPage && !query.isFetching)
              void query.fetchNextPage();
          },
        }}
        columns={COLUMNS}
        rowKey={({ sequence }) => String(sequence)}
        onOpen={setOpen}
        narrow={(entry) => (
          <>
            <b>{entry.action}</b> by {describeActor(entry)}
            <br />
            {describeTarget(entry)} · <TimeAgo time={entry.time} />
          </>
        )}
        empty={
          <EmptyState
            icon={IconHistory}
            title="No entries"
            text="Nothing was done that fits these filters."
          />
        }
      />
      <Drawer
        opened={open !== undefined}
        onClose={() => setOpen(undefined)}
        position="right"
        size="lg"
        title={open && `${open.action}, entry ${open.sequence}`}
      >
        {open && <CodeView text={JSON.stringify(open, null, 2)} label="The entry" />}
      </Drawer>
    </Page>
  );
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { id: "time", title: "When", cell: ({ time }) => <TimeAgo time={time} />, width: { pixels: 110 } },
  { id: "actor", title: "Who", cell: describeActor },
  { id: "action", title: "What", cell: ({ action }) => <b>{action}</b> },
  { id: "target", title: "To what", cell: describeTarget, width: { share: 2 } },
  { id: "source", title: "From", cell: ({ source }) => source?.address ?? "", from: 900 },
  {
    id: "result",
    title: "Result",
    cell: ({ result, status }) => (
      <StatusBadge level={LEVELS[result]} word={status ? `${result} (${status})` : result} />
    ),
    width: { pixels: 120 },
  },
];

function describeActor({ actor }: AuditEntry): string {
  return actor.name || actor.id || actor.kind;
}

function describeTarget({ target }: AuditEntry): string {
  const parts = [target?.cluster, target?.namespace, target?.name ?? target?.id].filter(Boolean);
  if (parts.length > 0) return [...new Set(parts)].join(" / "); // a cluster is in itself
  return target?.kind === "alerting" ? "the configuration" : (target?.kind ?? "");
}

/** Takes the log, or has the hub look whether anybody has tampered with it. */
function Verify() {
  const verify = useMutation({ mutationFn: () => get("/api/v1/audit/verify") });
  const verdict = verify.data;
  return (
    <>
      <Button
        component="a"
        href="/api/v1/audit/export?format=ndjson"
        download
        variant="default"
        leftSection={<IconDownload size={15} />}
      >
        Export
      </Button>
      <Button
        variant="default"
        leftSection={<IconShieldCheck size={15} />}
        loading={verify.isPending}
        onClick={() => verify.mutate()}
      >
        Verify
      </Button>
      <Refusal error={verify.error} />
      {verdict !== undefined && (
        <Alert color={verdict.ok ? "green" : "red"} variant="light" role="status">
          {verdict.ok
            ? `All ${verdict.entries} entries are whole and in order.`
            : `The log was tampered with: ${verdict.fault?.detail ?? "it is not whole"}`}
        </Alert>
      )}
    </>
  );
}
