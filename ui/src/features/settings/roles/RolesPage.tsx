import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { Page, QueryView } from "~/components";
import { ScrollRegion } from "~/components/ScrollRegion";

import { rolesQuery } from "../queries";
import styles from "../Settings.module.css";

/** What each role may do, as the hub decides it. */
export function RolesPage() {
  const query = useQuery(rolesQuery);
  return (
    <Page title="Roles">
      <p className={styles.hint}>
        A role is granted everywhere, or only in some clusters or namespaces. Whatever no grant allows is
        denied.
      </p>
      <QueryView query={query}>
        {({ items }) => {
          const all = items.at(-1)?.permissions ?? [];
          return (
            <ScrollRegion label="Roles and their permissions">
              <table className={styles.matrix}>
                <thead>
                  <tr>
                    <th scope="col">Permission</th>
                    {items.map(({ role }) => (
                      <th key={role} scope="col">
                        {role}
                      </th>
                    ))}
                    <th scope="col">lets people</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map(({ permission, meaning }) => (
                    <tr key={permission}>
                      <th scope="row">{permission}</th>
                      {items.map(({ role, permissions }) => (
                        <td key={role}>
                          {permissions.some((held) => held.permission === permission) ? (
                            <IconCheck size={15} aria-label="yes" role="img" />
                          ) : (
                            <span className={styles.quiet} aria-label="no" role="img">
                              –
                            </span>
                          )}
                        </td>
                      ))}
                      <td>{meaning}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollRegion>
          );
        }}
      </QueryView>
    </Page>
  );
}
