import { Button, TagsInput, Title } from "@mantine/core";
import { IconFileCode } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { useView } from "~/app/view";
import { ErrorState, Page, QueryView } from "~/components";

import { routingRoute } from "./index";
import { readLabelSet } from "./labels";
import { explanationQuery, routesQuery, type Explanation } from "./queries";
import { RouteTree } from "./RouteTree";
import styles from "./Rules.module.css";

/** The tree of routes, and the way that an alert would take through it. */
export function RoutingPage() {
  const [search, setSearch] = useView(routingRoute);
  const routes = useQuery(routesQuery);
  const labels = readLabelSet(search.label ?? []);
  const explanation = useQuery({ ...explanationQuery(labels), placeholderData: keepPreviousData });
  const isTesting = Object.keys(labels).length > 0;
  const found = isTesting ? explanation.data : undefined;
  return (
    <Page
      title="Routing"
      aside={<span className={styles.quiet}>who is told of what, and when</span>}
      actions={
        <Button
          component={Link}
          to={paths.configuration()}
          variant="default"
          leftSection={<IconFileCode size={15} />}
        >
          Configuration
        </Button>
      }
    >
      <section className={styles.tester} aria-labelledby="tester">
        <Title order={2} id="tester">
          What would happen to an alert?
        </Title>
        <TagsInput
          data-search=""
          aria-label="Labels of the alert"
          description="Its labels, each name=value. Where cluster names a cluster of the fleet, its labels are added."
          placeholder={isTesting ? "" : "alertname=KubePodCrashLooping  severity=critical  namespace=shop"}
          splitChars={[",", " "]}
          acceptValueOnBlur
          clearable
          value={search.label ?? []}
          onChange={(label) => setSearch({ label: label.length > 0 ? label : undefined })}
        />
        {isTesting && explanation.error !== null && <ErrorState error={explanation.error} />}
        {found !== undefined && <Outcome explanation={found} />}
      </section>
      <QueryView query={routes}>{(root) => <RouteTree root={root} visits={found?.routes} />}</QueryView>
    </Page>
  );
}

function Outcome({ explanation }: { explanation: Explanation }) {
  return (
    <div role="status">
      <ul className={styles.outcome}>
        {explanation.words.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {explanation.destinations.map(({ receiver, route, words }) => (
          <li key={`${receiver} ${route}`}>
            <b>{receiver}</b>: {(words ?? []).join(" ")}
          </li>
        ))}
      </ul>
    </div>
  );
}
