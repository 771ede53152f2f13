import { Button, Modal, SegmentedControl } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { del } from "~/api";
import { useAction } from "~/app/action";
import { useView } from "~/app/view";
import {
  DataTable,
  EmptyState,
  fixedRows,
  Page,
  QueryView,
  StatusBadge,
  TimeAgo,
  type Column,
  type Level,
} from "~/components";
import { ConfirmButton } from "~/components/ConfirmButton";

import { describeGrant } from "../grants";
import { tokensRoute } from "../index";
import { keys, tokensQuery, type Token } from "../queries";
import { TokenForm } from "./TokenForm";

const LEVELS: Record<Token["state"], Level> = {
  valid: "ok",
  expiring: "warn",
  expired: "done",
  revoked: "done",
};

/** API tokens: one's own, and for who may manage them, everybody's. */
export function TokensPage() {
  const [search, setSearch] = useView(tokensRoute);
  const query = useQuery(tokensQuery);
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title="Tokens"
      actions={
        <Button leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
          New token
        </Button>
      }
    >
      <SegmentedControl
        aria-label="Which tokens"
        mb={12}
        value={search.show ?? "valid"}
        data={[
          { value: "valid", label: "Valid" },
          { value: "all", label: "All" },
        ]}
        onChange={(show) => setSearch({ show: show === "all" ? "all" : undefined })}
      />
      <QueryView query={query}>
        {({ items }) => (
          <DataTable
            label="Tokens"
            rows={fixedRows(items.filter(({ state }) => search.show === "all" || LEVELS[state] !== "done"))}
            columns={COLUMNS}
            rowKey={({ id }) => id}
            narrow={(token) => (
              <>
                <b>{token.name}</b>
                <br />
                {token.state} · {describeUse(token)}
              </>
            )}
            empty={
              <EmptyState
                icon={IconKey}
                title="No tokens"
                text="Scripts and tools ask the hub with one: make a token for each of them."
              />
            }
          />
        )}
      </QueryView>
      <Modal opened={isAdding} onClose={() => setAdding(false)} title="New token">
        <TokenForm onDone={() => setAdding(false)} />
      </Modal>
    </Page>
  );
}

const COLUMNS: readonly Column<Token>[] = [
  { id: "name", title: "Name", cell: ({ name }) => <b>{name}</b>, width: { share: 2 } },
  {
    id: "owner",
    title: "Acts as",
    cell: (token) => (token.kind === "personal" ? token.ownerName : "itself"),
  },
  { id: "rights", title: "May", cell: describeUse, width: { share: 2 }, from: 900 },
  {
    id: "state",
    title: "State",
    cell: ({ state }) => <StatusBadge level={LEVELS[state]} word={state} />,
  },
  {
    id: "expires",
    title: "Expires",
    cell: ({ expiresAt }) => (expiresAt == null ? "never" : <TimeAgo time={expiresAt} />),
  },
  {
    id: "used",
    title: "Last used",
    cell: ({ lastUsedAt }) => (lastUsedAt == null ? "never" : <TimeAgo time={lastUsedAt} />),
  },
  { id: "revoke", title: "", cell: (token) => <Revoke token={token} />, width: { pixels: 90 }, align: "end" },
];

function Revoke({ token }: { token: Token }) {
  const revoke = useAction(
    keys.tokens,
    () => del("/api/v1/tokens/{token_id}", { path: { token_id: token.id } }),
    () => `${token.name} is worthless now`,
  );
  if (LEVELS[token.state] === "done") return null;
  return (
    <ConfirmButton
      label="Revoke"
      question={`Revoke ${token.name}? Whatever uses it is refused from then on.`}
      error={revoke.error}
      isPending={revoke.isPending}
      onConfirm={() => revoke.mutate()}
    />
  );
}

function describeUse(token: Token): string {
  const scopes = token.scopes ?? [];
  const rights = token.grants == null ? "what its owner may" : token.grants.map(describeGrant).join("; ");
  return scopes.length === 0 ? rights : `${rights}, only ${scopes.join(", ")}`;
}
