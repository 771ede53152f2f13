import { Button } from "@mantine/core";
import { IconZoomQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";

import { EmptyState } from "./EmptyState";

export function NotFoundPage() {
  return (
    <EmptyState
      icon={IconZoomQuestion}
      title="There is no such page"
      text="The address may be old or mistyped."
    >
      <Button component={Link} to="/" variant="default">
        Go to the overview
      </Button>
    </EmptyState>
  );
}
