import { Button, Tabs } from "@mantine/core";
import { IconGhost } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { ApiError } from "~/api";
import { findKind, type Kind } from "~/app/kinds";
import { paths, toNamespace } from "~/app/paths";
import { usePathParams, useView } from "~/app/view";
import { EmptyState, Page, QueryView, StatusBadge } from "~/components";
import { Breadcrumbs } from "~/components/Breadcrumbs";
import { CodeView } from "~/components/CodeView";
import { NotFoundPage } from "~/components/NotFoundPage";
import { TimeFrame, TravelButton } from "~/components/travel/TimeTravel";

import { toYaml } from "./documents";
import { HistoryPanel } from "./HistoryPanel";
import { objectRoute } from "./index";
import { ObjectOverview } from "./ObjectOverview";
import styles from "./Object.module.css";
import { OwnerChain } from "./OwnerChain";
import { detailQuery } from "./queries";

/** One object: how it stands, what it is part of, its document and its history. */
export function ObjectPage() {
  const place = usePathParams(objectRoute);
  const kind = findKind(place.kind);
  // Another object is another page: nothing of the one before is shown in its place.
  return kind === undefined ? (
    <NotFoundPage />
  ) : (
    <KnownObjectPage key={`${place.cluster} ${kind.name} ${place.namespace} ${place.name}`} kind={kind} />
  );
}

function KnownObjectPage({ kind }: { kind: Kind }) {
  const { cluster, namespace: part, name } = usePathParams(objectRoute);
  const [search, setSearch] = useView(objectRoute);
  const { at } = search;
  const namespace = toNamespace(part);
  const place = { cluster, kind: kind.plural, namespace, name };
  const detail = useQuery(detailQuery(place, at));
  const along = { at };
  const status = detail.data?.status;
  const onTravel = (moment: string | undefined, options?: { replace?: boolean }) =>
    setSearch({ at: moment }, options);
  return (
    <Page
      title={name}
      above={
        <Breadcrumbs
          crumbs={[
            { label: "Clusters", to: paths.clusters() },
            { label: cluster, to: paths.cluster(cluster) },
            { label: kind.title, to: paths.clusterObjects(cluster, kind.plural) },
            ...(namespace ? [{ label: namespace }] : []),
          ]}
          search={along}
        />
      }
      aside={
        <>
          <span className={styles.kind}>{kind.name}</span>
          {status && <StatusBadge level={status.level} word={status.word} reason={status.reason} />}
        </>
      }
      actions={<TravelButton at={at} onTravel={onTravel} />}
    >
      <TimeFrame at={at} onTravel={onTravel} scope={place}>
        {detail.data && (
          <>
            <p className={styles.summary}>{detail.data.summary}</p>
            <OwnerChain detail={detail.data} at={at} />
          </>
        )}
        <Tabs
          value={search.tab ?? "overview"}
          onChange={(tab) =>
            setSearch({
              tab: tab === "document" || tab === "history" ? tab : undefined,
              from: undefined,
              to: undefined,
            })
          }
        >
          <Tabs.List mb="sm">
            <Tabs.Tab value="overview">Overview</Tabs.Tab>
            <Tabs.Tab value="history">History</Tabs.Tab>
            <Tabs.Tab value="document">Document</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="overview">
            {isGone(detail.error) ? (
              <Gone error={detail.error} at={at} onHistory={() => setSearch({ tab: "history" })} />
            ) : (
              <QueryView query={detail}>{(data) => <ObjectOverview detail={data} at={at} />}</QueryView>
            )}
          </Tabs.Panel>
          <Tabs.Panel value="history">
            <HistoryPanel place={place} search={search} onSearch={setSearch} />
          </Tabs.Panel>
          <Tabs.Panel value="document">
            <QueryView query={detail}>
              {(data) => <CodeView text={toYaml(data.object)} label={`${kind.name} ${name}`} />}
            </QueryView>
          </Tabs.Panel>
        </Tabs>
      </TimeFrame>
    </Page>
  );
}

function isGone(error: Error | null): error is ApiError {
  return error instanceof ApiError && error.isNotFound;
}

/** It was deleted, or had not been made yet: its history tells when. */
function Gone({ error, at, onHistory }: { error: ApiError; at: string | undefined; onHistory: () => void }) {
  return (
    <EmptyState
      icon={IconGhost}
      title={at === undefined ? "It is not there any more" : "It was not there then"}
      text={error.message}
    >
      <Button variant="default" onClick={onHistory}>
        See its history
      </Button>
    </EmptyState>
  );
}
