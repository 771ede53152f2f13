import { findKind } from "~/app/kinds";
import { paths } from "~/app/paths";
import { usePathParams, useView } from "~/app/view";
import { Page } from "~/components";
import { KindTabs } from "~/components/KindTabs";
import { NotFoundPage } from "~/components/NotFoundPage";

import { fleetTableRoute } from "./index";
import { ObjectTable } from "./ObjectTable";

/** The objects of one kind in all clusters. */
export function FleetTablePage() {
  const { kind: name } = usePathParams(fleetTableRoute);
  const [search, setSearch] = useView(fleetTableRoute);
  const kind = findKind(name);
  if (kind === undefined) return <NotFoundPage />;
  return (
    <Page title={kind.title} aside={<span>of all clusters</span>}>
      <KindTabs
        current={kind.name}
        to={(other) => paths.objects(other.plural)}
        search={{ q: search.q, cluster: search.cluster, namespace: search.namespace, labels: search.labels }}
      />
      <ObjectTable key={kind.name} kind={kind} search={search} onSearch={setSearch} />
    </Page>
  );
}
