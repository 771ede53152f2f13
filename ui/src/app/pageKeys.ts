import { useEffect, useEffectEvent } from "react";

import type { KeyPress } from "./keys";

/** What a key press of the browser is, and where it goes. */
export function toPress(event: KeyboardEvent): KeyPress {
  return {
    key: event.key,
    ctrlKey: event.ctrlKey,
    metaKey: event.metaKey,
    altKey: event.altKey,
    isTyping: isTyping(event.target),
    isCovered: document.querySelector("[aria-modal=true]") !== null,
  };
}

/** Keys that mean something on this page alone, while nobody types and nothing lies over it. */
export function usePageKeys(keys: Readonly<Record<string, () => void>>): void {
  const obey = useEffectEvent((key: string) => {
    const run = Object.hasOwn(keys, key) ? keys[key] : undefined;
    run?.();
    return run !== undefined;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { ctrlKey, metaKey, altKey, isTyping: types, isCovered } = toPress(event);
      if (ctrlKey || metaKey || altKey || types || isCovered) return;
      if (obey(event.key)) event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]") !==
      null
  );
}
