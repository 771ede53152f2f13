import { Modal, Text } from "@mantine/core";
import { useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";

import { holdEscape } from "./escape";
import { useSession } from "./session";
import { SignInForm } from "./SignInForm";

/** Over the page when the session has ended: what was typed below stays as it is. */
export function SignInAgain() {
  const { session, hasEnded, begin } = useSession();
  const href = useRouterState({ select: (state) => state.location.href });
  useEffect(() => {
    holdEscape(hasEnded);
    return () => holdEscape(false);
  }, [hasEnded]);
  return (
    <Modal
      opened={hasEnded}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Your session has ended"
      size="sm"
    >
      <Text size="sm" c="dimmed" mb="md">
        Sign in to go on where you were. Nothing you typed is lost.
      </Text>
      <SignInForm next={href} username={session?.user.name ?? ""} onSignedIn={begin} />
    </Modal>
  );
}
