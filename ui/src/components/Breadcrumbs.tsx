import { Link } from "@tanstack/react-router";

import styles from "./Breadcrumbs.module.css";

export interface Crumb {
  label: string;
  to?: string;
}

/** Where a page stands, from above; `search` goes along to every page that it leads to. */
export function Breadcrumbs({ crumbs, search }: { crumbs: readonly Crumb[]; search?: object }) {
  return (
    <nav aria-label="Breadcrumbs" className={styles.crumbs}>
      <ol>
        {crumbs.map(({ label, to }) => (
          <li key={`${label} ${to ?? ""}`}>
            {to === undefined ? (
              label
            ) : (
              <Link to={to} search={search as never}>
                {label}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
