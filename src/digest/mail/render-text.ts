import type { DigestContent, DigestRun } from '../digest-content.ts';
import { type MailLinks, runUrl, unsubscribeHref } from './mail-links.ts';
import type { RenderOptions } from './render-html.ts';
import { describeRun, figureCells, formatTime, repeatNotice, summarizeStates } from './words.ts';

/** A digest as plain text: everything but the curves. */
export function renderDigestText(
  content: DigestContent,
  { links, mayRepeat }: RenderOptions,
): string {
  return [
    summarizeStates(content),
    `Since ${formatTime(content.since)}, on ${content.place}.`,
    ...(mayRepeat ? ['', repeatNotice] : []),
    ...content.runs.flatMap((run) => ['', ...paragraph(run, links)]),
    '',
    '-- ',
    'Laurel sends this because your address subscribed to digests of these runs.',
    `Unsubscribe: ${unsubscribeHref(links)}`,
    '',
  ].join('\n');
}

function paragraph(run: DigestRun, links: MailLinks): string[] {
  const url = runUrl(links, run.id);
  const reason = run.reason === null ? '' : `: ${run.reason}`;
  return [
    `${run.name} (${run.state}${reason})`,
    `  ${describeRun(run)}`,
    ...run.figures.map((figure) => {
      const [key, first, last, best] = figureCells(figure);
      return `  ${key}: ${first} to ${last}, best ${best}`;
    }),
    ...(url === null ? [] : [`  ${url}`]),
  ];
}
