import { useRouter, type AnyRouter } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";

import { navEntries } from "./features";
import { KeyReader, type Command } from "./keys";

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
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const command = keys.read(
        {
          key: event.key,
          ctrlKey: event.ctrlKey,
          metaKey: event.metaKey,
          altKey: event.altKey,
          isTyping: isTyping(event.target),
          isCovered: document.querySelector("[aria-modal=true]") !== null,
        },
        event.timeStamp,
      );
      if (command !== undefined && obey(command)) event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return null;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]") !==
      null
  );
}

function focusFirst(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.focus();
  return found !== null;
}
