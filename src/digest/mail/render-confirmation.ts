import { html } from 'hono/html';
import { mailPage } from './mail-page.ts';

/** Asks the owner of an address whether to send digests there; without an answer, nothing more is sent. */
export function renderConfirmation({ confirmUrl, place }: { confirmUrl: string; place: string }) {
  const subject = 'Laurel: confirm your subscription';
  const asked = `Somebody, you we hope, asked for digests of the training runs on ${place} to be sent to this address.`;
  const otherwise =
    'If it was not you, do nothing: no digest is sent to an address that was not confirmed. The link works for 7 days.';
  const text = `${asked}\n\nTo confirm, open this page and press the button there:\n${confirmUrl}\n\n${otherwise}\n`;
  const page = mailPage(
    subject,
    html`<h1>Confirm your subscription</h1>
<p>${asked}</p>
<p><a class="button" href="${confirmUrl}">See and confirm</a></p>
<p class="soft">${otherwise}</p>`,
  );
  return { subject, text, html: page };
}
