import { useQuery } from "@tanstack/react-query";

import { usePathParams } from "~/app/view";
import { Page, QueryView } from "~/components";

import { alertRoute } from ".";
import { alertQuery } from "./queries";
import { readName } from "./subject";

export function AlertPage() {
  const { fingerprint } = usePathParams(alertRoute);
  const alert = useQuery(alertQuery(fingerprint));
  return <QueryView query={alert}>{(found) => <Page title={readName(found.labels)}>{null}</Page>}</QueryView>;
}
