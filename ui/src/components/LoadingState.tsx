import { Skeleton } from "@mantine/core";

/** Lines where rows will stand. */
export function LoadingState({ rows = 8, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, place) => (
        <Skeleton key={place} height={14} my={9} radius="sm" width={`${94 - ((place * 17) % 40)}%`} />
      ))}
    </div>
  );
}
