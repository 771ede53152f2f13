import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { findKind } from "~/app/kinds";
import { paths, toNamespace } from "~/app/paths";
import { usePathParams, useView } from "~/app/view";
import { Page, QueryView } from "~/components";
import { Breadcrumbs } from "~/components/Breadcrumbs";
import { CodeView } from "~/components/CodeView";
import { NotFoundPage } from "~/components/NotFoundPage";

import { toYaml } from "./documents";
import { HistoryPanel } from "./HistoryPanel";
import { objectRoute } from "./index";
import { documentQuery } from "./queries";

/** One object: how it stands, what it is part of, its document and its history. */
export function ObjectPage() {
  const { cluster, kind: kindName, namespace: part, name } = usePathParams(objectRoute);
  const [search, setSearch] = useView(objectRoute);
  const kind = findKind(kindName);
  const namespace = toNamespace(part);
  const place = { cluster, kind: kind?.plural ?? kindName, namespace, name };
  const document = useQuery({ ...documentQuery(place, search.at), enabled: kind !== undefined });
  if (kind === undefined) return <NotFoundPage />;
  const along = { at: search.at };
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
    >
      <Tabs
        value={search.tab ?? "history"}
        onChange={(tab) => setSearch({ tab: tab === "document" ? "document" : undefined })}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="document">Document</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="history">
          <HistoryPanel place={place} />
        </Tabs.Panel>
        <Tabs.Panel value="document">
          <QueryView query={document}>
            {({ object }) => <CodeView text={toYaml(object)} label={`${kind.name} ${name}`} />}
          </QueryView>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
