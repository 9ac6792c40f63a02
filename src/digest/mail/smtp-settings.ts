import { ConfigError } from '../../errors.ts';

/** How a mail server is reached. Holds the password: never printed, logged or stored. */
export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** TLS from the start (`smtps:`); otherwise STARTTLS where the server offers it. */
  readonly secure: boolean;
  readonly user: string | null;
  readonly password: string | null;
}

const ports = { 'smtp:': 587, 'smtps:': 465 } as const;

/**
 * Reads `smtp://user:password@host:port`, or `smtps:` for TLS from the start.
 * @throws ConfigError that says what is wrong without repeating the text, which may hold a password.
 */
export function parseSmtpUrl(text: string, source = 'LAUREL_SMTP_URL'): SmtpSettings {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const port = ports[url?.protocol as keyof typeof ports];
  if (url === undefined || port === undefined || url.hostname === '')
    throw new ConfigError(`${source}: expected smtp://user:password@host:587 or smtps://…:465`);
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '')
    throw new ConfigError(
      `${source}: has more after the port; write %2F, %3F and %23 for /, ? and # in a password`,
    );
  const [user, password] = [url.username, url.password].map((part) => decode(part, source));
  if (!user !== !password)
    throw new ConfigError(
      `${source}: has ${user ? 'a user but no password' : 'a password but no user'}`,
    );
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? port : Number(url.port),
    secure: url.protocol === 'smtps:',
    user: user || null,
    password: password || null,
  };
}

/** @throws ConfigError without a cause, which would repeat the password. */
function decode(part: string, source: string): string {
  if (!/%(?![0-9a-f]{2})/i.test(part)) return decodeURIComponent(part);
  throw new ConfigError(`${source}: user or password has a % that is no escape; write %25`);
}

/** `mail.example.org:587`, for messages. */
export const describeServer = ({ host, port }: SmtpSettings): string => `${host}:${port}`;

/** Whether a server is on this machine, where nobody listens on the way. */
export const isLocalServer = ({ host }: SmtpSettings): boolean =>
  ['localhost', '127.0.0.1', '::1'].includes(host);
