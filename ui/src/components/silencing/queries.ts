/** What forms and lists of silences read and write. */
import { queryOptions } from "@tanstack/react-query";

import { get, post, put, type components } from "~/api";
import { joinMatchers } from "~/components/matchers";

export type Silence = components["schemas"]["SilenceView"];
export type SilencePreview = components["schemas"]["PreviewView"];

export const silenceKeys = {
  all: ["silences"] as const,
  list: ["silences", "list"] as const,
  preview: (matchers: readonly string[]) => ["silences", "preview", matchers] as const,
};

export const silencesQuery = queryOptions({
  queryKey: silenceKeys.list,
  queryFn: ({ signal }) => get("/api/v1/silences", { signal }),
});

/** What a silence with these matchers would hush; the reading is a POST because matchers may be long. */
export const previewQuery = (matchers: readonly string[]) =>
  queryOptions({
    queryKey: silenceKeys.preview(matchers),
    queryFn: ({ signal }) =>
      post("/api/v1/silences/preview", { body: { matchers: joinMatchers(matchers) }, signal }),
    enabled: matchers.length > 0,
    retry: false,
    gcTime: 30_000,
  });

/** A silence as a form begins with it; with an id, that one is changed. */
export interface SilenceDraft {
  id?: string;
  matchers: string[];
  comment?: string;
  startsAt?: string;
  endsAt?: string;
}

export interface SilenceWanted {
  matchers: string[];
  comment: string;
  startsAt: Date | undefined;
  endsAt: Date;
}

export function saveSilence(
  id: string | undefined,
  { matchers, comment, startsAt, endsAt }: SilenceWanted,
): Promise<Silence> {
  const body = {
    matchers: joinMatchers(matchers),
    comment,
    startsAt: startsAt?.toISOString() ?? null,
    endsAt: endsAt.toISOString(),
  };
  return id === undefined
    ? post("/api/v1/silences", { body })
    : put("/api/v1/silences/{silence_id}", { path: { silence_id: id }, body });
}
