import type { ComponentType } from "react";
import { createRootRoute, createRoute, type AnyRoute } from "@tanstack/react-router";

import type { LiveReducer } from "~/live";

import type { Permission } from "./session";

/** Above everything: also the page to sign in. What it draws is set in `router.ts`, which knows every part. */
export const rootRoute = createRootRoute();

/** The frame with navigation, for people who are signed in. Features hang their pages below it. */
export const shellRoute = createRoute({ getParentRoute: () => rootRoute, id: "shell" });

export interface NavEntry {
  label: string;
  to: string;
  icon: ComponentType<{ size?: number | string; stroke?: number | string }>;
  /** Where in the navigation: what goes on, or how it is set up. */
  group: "watch" | "configure";
  /** Places within the group, from above. */
  order: number;
  /** The letter after `g` that goes there. */
  key?: string;
  /** Also marks the entry as current below these addresses. */
  also?: readonly string[];
  /** Hidden from people who lack it everywhere. */
  permission?: Permission;
}

export interface PaletteEntry {
  label: string;
  /** Where it leads; or what it does. */
  to?: string;
  run?: () => void;
  /** Other words that find it. */
  keywords?: string;
  permission?: Permission;
}

/** A key that a page of the feature knows, for the sheet of keys. */
export interface Shortcut {
  keys: readonly string[];
  does: string;
}

/** What a folder below `features/` gives to the frame. */
export interface Feature {
  routes: readonly AnyRoute[];
  nav?: readonly NavEntry[];
  palette?: readonly PaletteEntry[];
  reducers?: readonly LiveReducer[];
  /** Shown below `title` on the sheet that `?` opens. */
  shortcuts?: { title: string; keys: readonly Shortcut[] };
}
