import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "~/api";

const RETRIES = 2;

/**
 * What was read is kept until the live stream says otherwise: nothing polls. A refusal is final; silence is not.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) =>
        failures < RETRIES && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
    mutations: { retry: false },
  },
});
