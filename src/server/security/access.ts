import { createHash, createHmac, randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { allowedHosts } from './allowed-hosts.ts';
import { hashPassword, type PasswordHash } from './password.ts';
import { serverKey } from './server-key.ts';
import { TryLimit } from './try-limit.ts';

/** Who may read this server, and how they show it. */
export interface Access {
  /** Shown once in the address, or as a bearer token; new at each start. */
  readonly token: string;
  /** Signs sessions; another for each root and password. */
  readonly sessionKey: string;
  readonly cookieName: string;
  readonly password: PasswordHash | null;
  readonly tries: TryLimit;
  readonly hosts: ReadonlySet<string>;
}

export interface AccessOptions {
  readonly root: string;
  readonly host: string;
  readonly password?: string | null;
  readonly allowedHosts?: readonly string[];
  readonly token?: string;
  /** {@link serverKey}'s unless given. */
  readonly key?: string;
}

export async function makeAccess({
  root,
  host,
  password = null,
  allowedHosts: allowed = [],
  token = randomBytes(32).toString('base64url'),
  key = serverKey(),
}: AccessOptions): Promise<Access> {
  const place = resolve(root);
  const secret = JSON.stringify([place, password]);
  return {
    token,
    sessionKey: createHmac('sha256', key).update(secret).digest('hex'),
    // Cookies are shared by all ports of a host: dashboards of other folders have other names.
    cookieName: `laurel-${createHash('sha256').update(place).digest('hex').slice(0, 12)}`,
    password: password === null ? null : await hashPassword(password),
    tries: new TryLimit(),
    hosts: allowedHosts({ host, allowed }),
  };
}
