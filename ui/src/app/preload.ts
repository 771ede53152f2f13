import { features } from "./features";

/** How long the first page has the network to itself, in milliseconds. */
const PATIENCE_MS = 2_000;

/**
 * Loads the code of every page once the first one stands: pages open at once then, also while the hub is away.
 *
 * Gives what calls it off.
 */
export function preloadPages(): () => void {
  let isOff = false;
  const load = async () => {
    for (const route of features.flatMap((feature) => feature.routes)) {
      if (isOff) return;
      const { component } = route.options as { component?: { preload?: () => Promise<void> } };
      try {
        await component?.preload?.();
      } catch {
        return; // It is loaded when it is asked for.
      }
    }
  };
  const timer = window.setTimeout(() => void load(), PATIENCE_MS);
  return () => {
    isOff = true;
    window.clearTimeout(timer);
  };
}
