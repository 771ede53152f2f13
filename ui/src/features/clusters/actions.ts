import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { keys } from "./queries";

/** Something that is done with a cluster: what was read of clusters is read again, and a word says that it is done. */
export function useClusterAction<Given, Answer>(
  act: (given: Given) => Promise<Answer>,
  done: (answer: Answer, given: Given) => string | undefined,
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (answer, given) => {
      void client.invalidateQueries({ queryKey: keys.all });
      const message = done(answer, given);
      if (message !== undefined) notifications.show({ message, color: "green" });
    },
  });
}
