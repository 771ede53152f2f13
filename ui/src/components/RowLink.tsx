import { useRouter, type AnyRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";

import { stringifySearch, type Search } from "~/app/search";

/**
 * A plain link in a row of a table, that can be opened elsewhere as well: the router's own costs too much, a row each.
 *
 * @param to an address of `app/paths.ts`
 */
export function RowLink({
  to,
  search,
  className,
  title,
  children,
}: {
  to: string;
  search?: Search;
  className?: string;
  title?: string;
  children: ReactNode;
}) {
  const router: AnyRouter = useRouter();
  const onClick = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ to, search });
  };
  const href = search === undefined ? to : to + stringifySearch(search);
  return (
    <a href={href} className={className} title={title} tabIndex={-1} onClick={onClick}>
      {children}
    </a>
  );
}
