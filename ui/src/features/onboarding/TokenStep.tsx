import { ShownOnce } from "~/components/ShownOnce";

import styles from "./Onboarding.module.css";

/** How Helm comes to the agent's token. */
export function TokenStep({ token }: { token: string | undefined }) {
  return token === undefined ? (
    <p className={styles.quiet}>
      Helm takes a token of yours from the environment, FARWATCH_AGENT_TOKEN: make one by “New token…” in the
      cluster’s menu.
    </p>
  ) : (
    <ShownOnce secret={`export FARWATCH_AGENT_TOKEN=${token}`} label="Token">
      The token of the cluster’s agent. Put it into the environment of your shell first.
    </ShownOnce>
  );
}
