/** The nonce of this page: style sheets that scripts make carry it, or the hub's policy keeps them out. */
export function readNonce(): string {
  const mark = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]");
  return mark?.nonce ?? "";
}
