import type { ErrorComponentProps } from "@tanstack/react-router";

import { ErrorState } from "./ErrorState";

/** A page that broke while it was drawn or loaded. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  return <ErrorState error={error} retry={reset} />;
}
