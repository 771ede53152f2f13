import { Button } from "@mantine/core";
import { IconCloudOff, IconLock, IconMoodEmpty, IconZoomQuestion } from "@tabler/icons-react";

import { ApiError } from "~/api";
import { describeMissing } from "~/app/session";

import { EmptyState } from "./EmptyState";

/** A view that could not be read: what went wrong in the hub's own words, and the way on. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error instanceof ApiError && error.isForbidden) return <Forbidden error={error} />;
  const { title, text, icon } = explain(error);
  return (
    <div role="alert">
      <EmptyState title={title} text={text} icon={icon}>
        {retry && (
          <Button variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </EmptyState>
    </div>
  );
}

/** What somebody may not see: names the grant that is missing. */
export function Forbidden({ error }: { error: ApiError }) {
  return (
    <div role="alert">
      <EmptyState
        icon={IconLock}
        title="You may not see this"
        text={error.missing ? describeMissing(error.missing) : error.message}
      />
    </div>
  );
}

function explain(error: unknown) {
  if (!(error instanceof ApiError)) {
    const text = error instanceof Error ? error.message : String(error);
    return { title: "Something went wrong in this page", text, icon: IconMoodEmpty };
  }
  if (error.isUnreachable)
    return { title: "The hub does not answer", text: error.message, icon: IconCloudOff };
  if (error.isUnauthorized) return { title: "Your session has ended", text: error.message, icon: IconLock };
  if (error.isNotFound)
    return { title: "There is no such thing", text: error.message, icon: IconZoomQuestion };
  return { title: `The hub refused: ${error.title}`, text: error.message, icon: IconMoodEmpty };
}
