import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { useSession } from "~/app/session";

import { SECTIONS } from "./sections";
import styles from "./Settings.module.css";

/** The pages of the settings beside one another. */
export function SettingsLayout() {
  const { session } = useSession();
  const held = new Set(session?.permissions.map(({ permission }) => permission));
  const offered = SECTIONS.filter(({ permission }) => permission === undefined || held.has(permission));
  const navigation = useRef<HTMLElement>(null);
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  // Where it is narrow, the sections scroll: the one that is open is seen.
  useEffect(() => {
    const open = navigation.current?.querySelector("[aria-current]");
    open?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [pathname]);
  return (
    <div className={styles.layout}>
      <nav ref={navigation} className={styles.sections} aria-label="Settings">
        <ul>
          {offered.map(({ label, to }) => (
            <li key={to}>
              <Link to={to} className={styles.section} activeProps={{ "aria-current": "page" }}>
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles.content}>
        <Outlet />
      </div>
    </div>
  );
}
