import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** What a server listens on, and by which names it is known. */
export interface HostNames {
  readonly host: string;
  readonly allowed?: readonly string[];
}

const loopback = ['localhost', '127.0.0.1', '::1'];

export const isLoopback = (host: string): boolean => loopback.includes(host.toLowerCase());

/**
 * Names that a request's Host header may have. A page elsewhere whose name is made to point here (DNS rebinding) has its own
 * name in that header, and so reads nothing.
 */
export function allowedHosts({ host, allowed = [] }: HostNames): ReadonlySet<string> {
  const own = isLoopback(host)
    ? []
    : [
        host,
        hostname(),
        ...Object.values(networkInterfaces()).flatMap((addresses) =>
          (addresses ?? []).map(({ address }) => address),
        ),
      ];
  return new Set([...loopback, ...own, ...allowed].map((name) => name.toLowerCase()));
}

/** The name of a Host header, its port and the brackets of IPv6 left out; undefined where it is none. */
export function hostName(header: string | undefined): string | undefined {
  const [, bracketed, plain] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? '') ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed.toLowerCase() : undefined;
  return plain?.toLowerCase();
}
