import { useRouter, type AnyRouter } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";

import { navEntries } from "./features";
import { KeyReader, type Command } from "./keys";
import { toPress } from "./pageKeys";

/** Hears the keys that mean something everywhere. */
export function Keyboard({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }) {
  const router: AnyRouter = useRouter();
  const obey = useEffectEvent((command: Command): boolean => {
    switch (command.do) {
      case "palette":
        onPalette();
        return true;
      case "help":
        onHelp();
        return true;
      case "search":
        return focusFirst("[data-search]");
      case "rows":
        return focusFirst("[data-table]");
      case "go":
        void router.navigate({ to: navEntries.find((entry) => entry.key === command.key)?.to ?? "/" });
        return true;
    }
  });
  useEffect(() => {
    const keys = new KeyReader(navEntries.map((entry) => entry.key).filter((key) => key !== undefined));
    let read: Command | undefined;
    // The letter after `g` is nobody else's: pages have keys of their own, which are heard before those of the frame.
    const onCapture = (event: KeyboardEvent) => {
      read = event.isComposing ? undefined : keys.read(toPress(event), event.timeStamp);
      if (read?.do !== "go" || !obey(read)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (read !== undefined && !event.defaultPrevented && obey(read)) event.preventDefault();
    };
    window.addEventListener("keydown", onCapture, { capture: true });
    window.addEventListener("keydown", onKeyDown);
    return () => {
      window.removeEventListener("keydown", onCapture, { capture: true });
      window.removeEventListener("keydown", onKeyDown);
    };
  }, []);
  return null;
}

function focusFirst(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.focus();
  return found !== null;
}
