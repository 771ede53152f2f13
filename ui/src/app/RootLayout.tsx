import { Navigate, Outlet, useRouterState } from "@tanstack/react-router";

import { ErrorState } from "~/components/ErrorState";

import { ChoosePassword } from "./ChoosePassword";
import { paths } from "./paths";
import { SessionProvider, useSessionQuery } from "./session";

/** Knows who is signed in before anything is shown: nobody is sent to the page to sign in. */
export function RootLayout() {
  const { data: session, error, refetch } = useSessionQuery();
  const location = useRouterState({ select: (state) => state.location });
  if (session === undefined) {
    return error === null ? null : <ErrorState error={error} retry={() => void refetch()} />;
  }
  if (session?.mustChangePassword === true) {
    return (
      <SessionProvider session={session}>
        <ChoosePassword />
      </SessionProvider>
    );
  }
  const isLogin = location.pathname === paths.login();
  return (
    <SessionProvider session={session}>
      {session === null && !isLogin ? (
        <Navigate
          to={paths.login()}
          search={{ next: location.href === "/" ? undefined : location.href }}
          replace
        />
      ) : (
        <Outlet />
      )}
    </SessionProvider>
  );
}
