import { findKind } from "~/app/kinds";
import { paths } from "~/app/paths";
import { usePathParams, useView } from "~/app/view";
import { Page } from "~/components";
import { KindTabs } from "~/components/KindTabs";
import { NotFoundPage } from "~/components/NotFoundPage";
import { TimeFrame, TravelButton } from "~/components/travel/TimeTravel";

import { fleetTableRoute } from "./index";
import { ObjectTable } from "./ObjectTable";

/** The objects of one kind in all clusters. */
export function FleetTablePage() {
  const { kind: name } = usePathParams(fleetTableRoute);
  const [search, setSearch] = useView(fleetTableRoute);
  const kind = findKind(name);
  if (kind === undefined) return <NotFoundPage />;
  const onTravel = (at: string | undefined, options?: { replace?: boolean }) => setSearch({ at }, options);
  return (
    <Page
      title={kind.title}
      aside={<span>of all clusters</span>}
      actions={<TravelButton at={search.at} onTravel={onTravel} />}
    >
      <KindTabs
        current={kind.name}
        to={(other) => paths.objects(other.plural)}
        search={{
          at: search.at,
          q: search.q,
          cluster: search.cluster,
          namespace: search.namespace,
          labels: search.labels,
        }}
      />
      <TimeFrame
        at={search.at}
        onTravel={onTravel}
        scope={
          search.cluster?.length === 1 ? { cluster: search.cluster[0] ?? "", kind: kind.plural } : undefined
        }
      >
        <ObjectTable key={kind.name} kind={kind} search={search} onSearch={setSearch} />
      </TimeFrame>
    </Page>
  );
}
