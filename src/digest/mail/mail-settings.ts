import type { SmtpSettings } from './smtp-settings.ts';

/** How mails leave, and what they say of where they come from. */
export interface MailSettings {
  readonly smtp: SmtpSettings;
  /** The sender's address; answers and mails that unsubscribe go there. */
  readonly from: string;
  /** Where the dashboard is reached from elsewhere, without a slash at the end; null where it is not. */
  readonly publicUrl: string | null;
}
