/** Which of the hub's runbooks an alert leads to. Pure. */

const OWN_PATH = /^\/runbooks\/([A-Za-z][A-Za-z0-9_]*)$/;

/** The name of the runbook, if the link may be to one of the hub's. */
export function readRunbookName(link: string | undefined): string | undefined {
  if (link === undefined || !URL.canParse(link)) return undefined;
  return OWN_PATH.exec(new URL(link).pathname)?.[1];
}

/** Whether a link is to this very runbook of the hub's: where it says that it is, or where the console comes from. */
export function leadsTo(link: string, runbook: { url: string; name: string }, origin: string): boolean {
  return link === runbook.url || link === `${origin}/runbooks/${runbook.name}`;
}
