/** Addresses that a mail leads to. */
export interface MailLinks {
  /** Where the dashboard is reached from elsewhere, without a slash at the end; null where it is not. */
  readonly publicUrl: string | null;
  /** Page and one-click address (RFC 8058); null without a public address. */
  readonly unsubscribeUrl: string | null;
  /** What to write where there is no such page. */
  readonly unsubscribeMail: string;
}

/** A run's page; null where nobody could reach it. */
export const runUrl = ({ publicUrl }: MailLinks, id: number): string | null =>
  publicUrl === null ? null : `${publicUrl}/runs/${id}`;

/** Where somebody leaves: the page where there is one, else a mail to write. */
export const unsubscribeHref = ({ unsubscribeUrl, unsubscribeMail }: MailLinks): string =>
  unsubscribeUrl ?? unsubscribeMail;
