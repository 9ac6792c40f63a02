import MailComposer from 'nodemailer/lib/mail-composer';
import type { DigestContent } from '../digest-content.ts';
import type { MailLinks } from './mail-links.ts';
import { renderConfirmation } from './render-confirmation.ts';
import { type PlotIds, renderDigestHtml } from './render-html.ts';
import { renderPlot } from './render-plot.ts';
import { renderDigestText } from './render-text.ts';
import { summarizeStates } from './words.ts';

/** What stands in a message's head, beside its subject. */
export interface MessageHead {
  readonly from: string;
  readonly to: string;
  /** With its angle brackets; the same at every try. */
  readonly messageId: string;
  /** When it was written, not when it is sent. */
  readonly date: string;
  readonly mayRepeat: boolean;
}

/** A digest as the bytes that go over the wire: plain text, HTML and plots. */
export async function composeDigest(
  content: DigestContent,
  head: MessageHead,
  links: MailLinks,
): Promise<Buffer> {
  const plots = await drawPlots(content, head.messageId);
  const ids: PlotIds = new Map(plots.map(({ at, cid }) => [at, cid]));
  const options = { links, mayRepeat: head.mayRepeat };
  return build({
    ...commonParts(head),
    subject: `Laurel: ${summarizeStates(content)}`,
    headers: { ...commonHeaders(head), ...listHeaders(head, links) },
    text: renderDigestText(content, options),
    html: renderDigestHtml(content, ids, options),
    attachments: plots.map(({ name, cid, image }) => ({
      filename: name,
      content: image,
      contentType: 'image/png',
      contentDisposition: 'inline',
      cid,
    })),
  });
}

/** The mail that asks whether an address's owner subscribed it. */
export function composeConfirmation(
  { confirmUrl, place }: { confirmUrl: string; place: string },
  head: MessageHead,
): Promise<Buffer> {
  return build({
    ...commonParts(head),
    headers: commonHeaders(head),
    ...renderConfirmation({ confirmUrl, place }),
  });
}

interface Plot {
  readonly at: number;
  readonly name: string;
  readonly cid: string;
  readonly image: Buffer;
}

async function drawPlots({ runs }: DigestContent, messageId: string): Promise<Plot[]> {
  const id = messageId.replace(/^<|>$/g, '');
  const plots: Plot[] = [];
  for (const [at, { name, curve }] of runs.entries()) {
    if (curve === null) continue;
    const place = `plot-${at + 1}`;
    const image = await renderPlot(curve, name);
    plots.push({ at, name: `${place}.png`, cid: `${place}.${id}`, image });
  }
  return plots;
}

const commonParts = ({ from, to, messageId, date }: MessageHead) => ({
  from: { name: 'Laurel', address: from },
  to,
  messageId,
  date: new Date(date),
});

/** RFC 3834: answering machines stay silent. */
const commonHeaders = ({ mayRepeat }: MessageHead): Record<string, string> => ({
  'Auto-Submitted': 'auto-generated',
  ...(mayRepeat ? { 'X-Laurel-May-Repeat': 'yes' } : {}),
});

/** RFC 2369 and, where a mail program can reach the address, RFC 8058 (one click, no cookie). */
function listHeaders(
  { from }: MessageHead,
  { unsubscribeUrl, unsubscribeMail }: MailLinks,
): Record<string, string> {
  const list = { 'List-Id': `Laurel digests <digest.laurel.${from.split('@')[1]}>` };
  if (unsubscribeUrl === null) return { ...list, 'List-Unsubscribe': `<${unsubscribeMail}>` };
  return {
    ...list,
    'List-Unsubscribe': `<${unsubscribeUrl}>, <${unsubscribeMail}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
}

const build = (message: ConstructorParameters<typeof MailComposer>[0]): Promise<Buffer> =>
  new MailComposer({ ...message, disableFileAccess: true, disableUrlAccess: true })
    .compile()
    .build();
