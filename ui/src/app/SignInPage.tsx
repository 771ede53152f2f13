import { Paper, Title } from "@mantine/core";
import { createRoute, useRouter, type RouterHistory } from "@tanstack/react-router";
import { useEffect } from "react";

import { rootRoute } from "./feature";
import { Logo } from "./Logo";
import { readText } from "./search";
import { useSession } from "./session";
import { SignInForm } from "./SignInForm";
import { useView } from "./view";
import styles from "./SignIn.module.css";

export const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  validateSearch: (search) => ({ next: readText(search.next), error: readText(search.error) }),
  component: SignInPage,
});

/** Only an address of this console: a link to the sign-in page must not lead people elsewhere. */
function toLocal(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) ? next : "/";
}

function SignInPage() {
  const [{ next, error }] = useView(loginRoute);
  const history = useRouter().history as RouterHistory;
  const { session, begin } = useSession();
  const target = toLocal(next);
  const isSignedIn = session !== null;
  useEffect(() => {
    if (isSignedIn) history.replace(target);
  }, [isSignedIn, history, target]);
  if (isSignedIn) return null;
  return (
    <main className={styles.page}>
      <Paper className={styles.card} withBorder>
        <div className={styles.brand}>
          <Logo size={28} />
          <Title order={1}>Farwatch</Title>
        </div>
        <SignInForm next={target} initialError={error} onSignedIn={begin} />
      </Paper>
    </main>
  );
}
