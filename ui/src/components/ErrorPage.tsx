import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { useLive } from "~/live";

import { EmptyState } from "./EmptyState";
import { ErrorState } from "./ErrorState";
import { isLoadFault } from "./loading";

/** A page that broke while it was drawn, or whose code could not be loaded. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  return isLoadFault(error) ? <NotLoaded /> : <ErrorState error={error} retry={reset} />;
}

/** The hub is away, or is a newer one with other files: the page is loaded anew as soon as it is back. */
function NotLoaded() {
  const { state } = useLive();
  const wasDown = useRef(false);
  useEffect(() => {
    if (state === "stale") wasDown.current = true;
    else if (state === "live" && wasDown.current) location.reload();
  }, [state]);
  return (
    <div role="alert">
      <EmptyState
        icon={IconRefresh}
        title="This page could not be loaded"
        text={
          state === "stale"
            ? "The hub does not answer. The page loads by itself when it does."
            : "The hub may have been updated: load the page again."
        }
      >
        <Button variant="default" onClick={() => location.reload()}>
          Load again
        </Button>
      </EmptyState>
    </div>
  );
}
