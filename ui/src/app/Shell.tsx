import { Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { LiveProvider } from "~/live";

import { reducers } from "./features";
import { Header } from "./Header";
import { HelpSheet } from "./HelpSheet";
import { Keyboard } from "./Keyboard";
import { Navigation } from "./Navigation";
import { Palette } from "./Palette";
import { useNarrowNavigation } from "./preferences";
import { useSession } from "./session";
import { preloadPages } from "./preload";
import { SignInAgain } from "./SignInAgain";
import styles from "./Shell.module.css";
import { StaleBanner } from "./StaleBanner";

const CONTENT_ID = "content";

/** The frame around every page: navigation, header, and what every page needs. */
export function Shell() {
  const { session, hasEnded, end } = useSession();
  const [narrow] = useNarrowNavigation();
  const [isOpen, drawer] = useDisclosure(false);
  const [isFinding, palette] = useDisclosure(false);
  const [isHelping, help] = useDisclosure(false);
  useEffect(preloadPages, []);
  const content = useFocusOnPageChange(drawer.close);
  if (session === null) return null;
  return (
    <LiveProvider reducers={reducers} isPaused={hasEnded} onSignedOut={end}>
      <a className={styles.skip} href={`#${CONTENT_ID}`}>
        Skip to content
      </a>
      <div className={styles.frame} data-narrow={narrow || undefined}>
        <aside className={styles.side}>
          <Navigation narrow={narrow} />
        </aside>
        <div className={styles.body}>
          <Header onMenu={drawer.open} onSearch={palette.open} onHelp={help.open} />
          <StaleBanner />
          <main id={CONTENT_ID} ref={content} className={styles.content} tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </div>
      <Drawer opened={isOpen} onClose={drawer.close} size={240} title="Farwatch" padding="xs">
        <Navigation narrow={false} />
      </Drawer>
      <Palette opened={isFinding} onClose={palette.close} />
      <HelpSheet opened={isHelping} onClose={help.close} />
      <SignInAgain />
      <Keyboard onPalette={palette.toggle} onHelp={help.open} />
    </LiveProvider>
  );
}

/** A new page takes the focus, so that the keyboard and screen readers begin at its top. */
function useFocusOnPageChange(onChange: () => void) {
  const content = useRef<HTMLElement>(null);
  const pathname = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current !== undefined && pathname !== undefined && before.current !== pathname) {
      onChange();
      content.current?.focus({ preventScroll: true });
    }
    before.current = pathname;
  }, [pathname, onChange]);
  return content;
}
