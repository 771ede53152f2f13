import { Button } from "@mantine/core";
import { IconBell, IconFilterOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { EmptyState } from "~/components";

import type { Wanted } from "./queries";

/** Why there is no alert, and where to go from there. */
export function NoAlerts({ wanted }: { wanted: Wanted }) {
  const { filter, q, state, receiver, group, status } = wanted;
  const isNarrowed = [filter, q, state, receiver, group].some((part) => part !== undefined);
  if (isNarrowed) {
    return (
      <EmptyState icon={IconFilterOff} title="No alert fits" text="Nothing fits all that is asked for.">
        <Button component={Link} to={paths.alerts()} variant="default">
          Clear the filter
        </Button>
      </EmptyState>
    );
  }
  if (status === "resolved")
    return (
      <EmptyState
        icon={IconBell}
        title="No alert was resolved lately"
        text="The history tells of older ones."
      />
    );
  return (
    <EmptyState
      icon={IconBell}
      title="All quiet"
      text="No alert fires. What fired before is in the history; what is watched for is among the rules."
    >
      <Button component={Link} to={paths.history()} variant="default">
        Open the history
      </Button>
    </EmptyState>
  );
}
