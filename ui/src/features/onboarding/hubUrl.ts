/** Where clusters may reach the hub. Pure. */

const OWN_MACHINE = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** The address that the browser knows the hub by, unless it leads nowhere from anywhere else. */
export function guessHubUrl({ origin, hostname }: { origin: string; hostname: string }): string {
  return OWN_MACHINE.test(hostname) ? "" : origin;
}
