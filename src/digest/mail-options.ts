import { z } from 'zod';
import { configGroup } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { readMailAddress, requireMailAddress } from './mail/mail-address.ts';
import type { MailSettings } from './mail/mail-settings.ts';
import { parseSmtpUrl, type SmtpSettings } from './mail/smtp-settings.ts';

/** How mails leave; for every command that sends some. */
export const mailOptions = configGroup('Mail', {
  smtpUrl: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'Mail server, smtp://user:password@host:587 or smtps://…:465; null: LAUREL_SMTP_URL, which other users of this machine do not see.',
    ),
  mailFrom: z
    .string()
    .nullable()
    .default(null)
    .describe('Sender’s address; null: LAUREL_MAIL_FROM, else the user of the mail server.'),
  publicUrl: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'Where the dashboard is reached by those who get mails, https://…; null: LAUREL_PUBLIC_URL, else nowhere, and unsubscribing is by mail.',
    ),
});

export interface MailConfig {
  readonly smtpUrl: string | null;
  readonly mailFrom: string | null;
  readonly publicUrl: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings that options and environment give.
 * @throws ConfigError for what is missing or wrong.
 */
export function resolveMail(config: MailConfig, env: Environment = process.env): MailSettings {
  const settings = findMail(config, env);
  if (settings !== undefined) return settings;
  throw new ConfigError(
    'no mail server is set: export LAUREL_SMTP_URL=smtp://user:password@host:587 (or give --smtp_url)',
  );
}

/** {@link resolveMail}; undefined where no mail server is named. */
export function findMail(
  config: MailConfig,
  env: Environment = process.env,
): MailSettings | undefined {
  const [source, url] =
    config.smtpUrl === null
      ? (['LAUREL_SMTP_URL', env['LAUREL_SMTP_URL']] as const)
      : (['smtp_url', config.smtpUrl] as const);
  if (url === undefined || url === '') return undefined;
  const smtp = parseSmtpUrl(url, source);
  return { smtp, from: senderOf(config, env, smtp), publicUrl: publicUrlOf(config, env) };
}

function senderOf({ mailFrom }: MailConfig, env: Environment, { user }: SmtpSettings): string {
  if (mailFrom !== null) return requireMailAddress(mailFrom, 'mail_from');
  const named = env['LAUREL_MAIL_FROM'];
  if (named) return requireMailAddress(named, 'LAUREL_MAIL_FROM');
  const own = user === null ? undefined : readMailAddress(user);
  if (own !== undefined) return own;
  throw new ConfigError(
    'mail_from: the user of the mail server is no address; give the sender’s (--mail_from laurel@example.org, or LAUREL_MAIL_FROM)',
  );
}

/** Where the dashboard is reached from elsewhere, without a slash at the end; null where nothing says so. */
export function publicUrlOf(
  { publicUrl }: Pick<MailConfig, 'publicUrl'>,
  env: Environment = process.env,
): string | null {
  const text = publicUrl ?? env['LAUREL_PUBLIC_URL'];
  if (text === undefined || text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url?.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (url !== undefined && isPlain && ['http:', 'https:'].includes(url.protocol))
    return url.href.replace(/\/+$/, '');
  throw new ConfigError(
    `public_url: ${JSON.stringify(text)} is no address of a dashboard; expected https://laurel.example.org`,
  );
}
