import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { Foot, FormLike } from "~/components/Form";

import type { DialogProps } from "./ClusterDialogs";

/** Leads to the wizard, which makes install links for clusters that are there as well. */
export function InstallForm({ name, onDone }: DialogProps) {
  return (
    <FormLike>
      <p>
        A new install link holds a token of its own; the tokens that are valid now stay so. The wizard shows
        the commands and watches the agent connect.
      </p>
      <Foot>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
        <Button component={Link} to={paths.newCluster()} search={{ cluster: name } as never}>
          Go to the wizard
        </Button>
      </Foot>
    </FormLike>
  );
}
