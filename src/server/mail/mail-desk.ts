import type { MailSettings } from '../../digest/index.ts';
import type { ActionState } from '../api.ts';
import { HttpProblem } from '../http-problem.ts';
import { MailSender } from './mail-sender.ts';

/** What the routes need to ask people by mail. */
export class MailDesk {
  readonly root: string;
  readonly #settings: MailSettings | undefined;
  readonly #origin: () => string;
  readonly #sender: MailSender | undefined;

  /**
   * @param settings - Undefined where no mail server is set.
   * @param origin - The server's own address, known once it listens; mails name it where there is no public one.
   */
  constructor(root: string, settings: MailSettings | undefined, origin: () => string) {
    this.root = root;
    this.#settings = settings;
    this.#origin = origin;
    this.#sender = settings && new MailSender(root, settings);
  }

  /** Whether anybody can be asked, and why not. */
  get state(): ActionState {
    if (this.#settings !== undefined) return { available: true, reason: null };
    return {
      available: false,
      reason:
        'No mail server is set: start the dashboard with LAUREL_SMTP_URL=smtp://user:password@host:587, or mail digests with npx laurel digest --to you@example.org.',
    };
  }

  /** @throws HttpProblem where no mail server is set. */
  require(): { settings: MailSettings; baseUrl: string; sender: MailSender } {
    if (this.#settings === undefined || this.#sender === undefined)
      throw new HttpProblem(503, this.state.reason ?? '');
    const baseUrl = this.#settings.publicUrl ?? this.#origin();
    return { settings: this.#settings, baseUrl, sender: this.#sender };
  }

  async close(): Promise<void> {
    await this.#sender?.close();
  }
}
