/** Who is signed in, and what they may do. */
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { ApiError, get, setSessionEndHandler, type components, type MissingGrant } from "~/api";

type Schemas = components["schemas"];

export type Permission = Schemas["Permission"];
export type Scope = Partial<Schemas["Scope"]>;
/** Who is signed in, with every permission and where it holds; an empty scope is everywhere. */
export type Session = Schemas["SessionView"];

/** What one wants to do something to; without one: anywhere. */
export interface Resource {
  cluster?: string;
  clusterLabels?: Record<string, string>;
  namespace?: string;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await get("/api/v1/session", { signal });
    } catch (error) {
      if (error instanceof ApiError && error.isUnauthorized) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
  gcTime: Infinity,
});

interface SessionContext {
  session: Session | null;
  /** Whether the session ended under somebody's hands: the page stays, and asks to sign in over it. */
  hasEnded: boolean;
  end: () => void;
  /** Signed in, or in again. */
  begin: (session: Session) => void;
  /** Signed out on purpose. */
  leave: () => void;
}

const Context = createContext<SessionContext | undefined>(undefined);

export function SessionProvider({ session, children }: { session: Session | null; children: ReactNode }) {
  const client = useQueryClient();
  const [hasEnded, setEnded] = useState(false);
  const end = useCallback(() => setEnded(true), []);
  const value = useMemo<SessionContext>(
    () => ({
      session,
      hasEnded,
      end,
      begin: (next) => {
        const isAnother = session !== null && session.user.id !== next.user.id;
        if (isAnother) client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
        client.setQueryData(sessionQuery.queryKey, next);
        setEnded(false);
        void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
      },
      leave: () => {
        setEnded(false);
        client.clear();
        client.setQueryData(sessionQuery.queryKey, null);
      },
    }),
    [client, session, hasEnded, end],
  );
  useEffect(() => {
    setSessionEndHandler(end);
    return () => setSessionEndHandler(() => undefined);
  }, [end]);
  return <Context value={value}>{children}</Context>;
}

export function useSession(): SessionContext {
  const context = useContext(Context);
  if (context === undefined) throw new Error("there is no session outside SessionProvider");
  return context;
}

export function useSessionQuery() {
  return useQuery(sessionQuery);
}

/** Whether something is allowed; if not, the grant that is missing, in words. */
export interface Gate {
  allowed: boolean;
  reason: string;
}

/** Whether a scope holds for a resource; a resource that names less is judged by what it names ("somewhere"). */
export function covers(scope: Scope, resource: Resource): boolean {
  const { clusters = [], clusterLabels = {}, namespaces = [] } = scope;
  if (clusters.length > 0 && resource.cluster !== undefined && !clusters.includes(resource.cluster))
    return false;
  const labels = resource.clusterLabels;
  if (labels !== undefined && Object.entries(clusterLabels).some(([name, value]) => labels[name] !== value)) {
    return false;
  }
  return !(
    namespaces.length > 0 &&
    resource.namespace !== undefined &&
    resource.namespace !== "" &&
    !namespaces.includes(resource.namespace)
  );
}

/** Whether the person who is signed in may do something: what the hub would say, said before it is asked. */
export function useCan(permission: Permission | undefined, resource: Resource = {}): Gate {
  const { session } = useSession();
  if (permission === undefined) return { allowed: true, reason: "" };
  const allowed = (session?.permissions ?? []).some(
    (held) => held.permission === permission && covers(held.scope, resource),
  );
  return { allowed, reason: allowed ? "" : describeMissing({ permission, role: "", ...resource }) };
}

/** The missing grant as a sentence. */
export function describeMissing(missing: MissingGrant): string {
  const where = [
    missing.cluster && `cluster ${missing.cluster}`,
    missing.namespace && `namespace ${missing.namespace}`,
  ].filter(Boolean);
  const place = where.length > 0 ? ` in ${where.join(", ")}` : "";
  const role = missing.role ? ` (role ${missing.role})` : "";
  return `You need the permission ${missing.permission}${role}${place}. Ask an administrator.`;
}
