import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";

import { ApiError } from "~/api";

/** Something that is done: what it concerns is read again, and a word, if there is one, says that it is done. */
export function useAction<Given = void, Answer = unknown>(
  concerns: QueryKey,
  act: (given: Given) => Promise<Answer>,
  done?: (answer: Answer, given: Given) => string,
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (answer, given) => {
      void client.invalidateQueries({ queryKey: concerns });
      if (done !== undefined) notifications.show({ message: done(answer, given), color: "green" });
    },
  });
}

/** What the hub says of one field of a form. */
export function fieldError(error: Error | null, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.fields.find((each) => each.field === field)?.message;
}
