/** How an agent is to be installed, as the form holds it. Pure. */

export interface Wishes {
  mode: "light" | "full";
  namespace: string;
  watch: string[];
  exclude: string[];
  httpsProxy: string;
  noProxy: string;
}

/** As the hub takes it: what was left empty is left out. */
export function toInstallOptions(wishes: Wishes) {
  const proxy = {
    ...(wishes.httpsProxy.trim() ? { https: wishes.httpsProxy.trim() } : {}),
    ...(wishes.noProxy.trim() ? { noProxy: wishes.noProxy.trim() } : {}),
  };
  return {
    mode: wishes.mode,
    namespace: wishes.namespace.trim() || "farwatch",
    ...(wishes.watch.length > 0 ? { watchNamespaces: wishes.watch } : {}),
    ...(wishes.exclude.length > 0 ? { excludeNamespaces: wishes.exclude } : {}),
    ...(Object.keys(proxy).length > 0 ? { proxy } : {}),
  };
}
