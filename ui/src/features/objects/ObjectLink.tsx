import { Link } from "@tanstack/react-router";

import { findKind } from "~/app/kinds";
import { paths } from "~/app/paths";

import styles from "./Object.module.css";

/** Another object, by kind and name; one of a kind that is not watched has no page. */
export function ObjectLink({
  cluster,
  object,
  at,
  withKind = true,
}: {
  cluster: string;
  object: { kind: string; namespace: string; name: string };
  at: string | undefined;
  withKind?: boolean;
}) {
  const kind = findKind(object.kind);
  return (
    <>
      {withKind && <span className={styles.quiet}>{object.kind} </span>}
      {kind === undefined ? (
        object.name
      ) : (
        <Link to={paths.object(cluster, kind.plural, object.namespace, object.name)} search={{ at }}>
          {object.name}
        </Link>
      )}
    </>
  );
}
