import { findKind } from "~/app/kinds";
import { paths } from "~/app/paths";
import { usePathParams, useView } from "~/app/view";
import { Page } from "~/components";
import { Breadcrumbs } from "~/components/Breadcrumbs";
import { KindTabs } from "~/components/KindTabs";
import { NotFoundPage } from "~/components/NotFoundPage";
import { TimeFrame, TravelButton } from "~/components/travel/TimeTravel";

import { clusterTableRoute } from "./index";
import { ObjectTable } from "./ObjectTable";

/** The objects of one kind in one cluster. */
export function ClusterTablePage() {
  const { cluster, kind: name } = usePathParams(clusterTableRoute);
  const [search, setSearch] = useView(clusterTableRoute);
  const kind = findKind(name);
  if (kind === undefined) return <NotFoundPage />;
  const along = { at: search.at };
  const onTravel = (at: string | undefined, options?: { replace?: boolean }) => setSearch({ at }, options);
  return (
    <Page
      title={kind.title}
      above={
        <Breadcrumbs
          crumbs={[
            { label: "Clusters", to: paths.clusters() },
            { label: cluster, to: paths.cluster(cluster) },
          ]}
          search={along}
        />
      }
      actions={<TravelButton at={search.at} onTravel={onTravel} />}
    >
      <KindTabs
        current={kind.name}
        to={(other) => paths.clusterObjects(cluster, other.plural)}
        search={{ ...along, q: search.q, namespace: search.namespace, labels: search.labels }}
      />
      <TimeFrame at={search.at} onTravel={onTravel} scope={{ cluster, kind: kind.plural }}>
        <ObjectTable key={kind.name} kind={kind} cluster={cluster} search={search} onSearch={setSearch} />
      </TimeFrame>
    </Page>
  );
}
