import { html } from 'hono/html';
import type { DigestContent, DigestRun, Figure } from '../digest-content.ts';
import { type MailLinks, runUrl, unsubscribeHref } from './mail-links.ts';
import { type Html, mailPage } from './mail-page.ts';
import { describeRun, figureCells, formatTime, repeatNotice, summarizeStates } from './words.ts';

export interface RenderOptions {
  readonly links: MailLinks;
  /** Whether the same message may have arrived already. */
  readonly mayRepeat: boolean;
}

/** Content ids of the plots, by the place of their run. */
export type PlotIds = ReadonlyMap<number, string>;

/** A digest for programs that show HTML; the plots are parts of the message, named by their content ids. */
export function renderDigestHtml(
  content: DigestContent,
  plots: PlotIds,
  { links, mayRepeat }: RenderOptions,
): string {
  const title = summarizeStates(content);
  return mailPage(
    title,
    html`<h1>${title}</h1>
<p class="soft">Since ${formatTime(content.since)}, on ${content.place}.</p>
${mayRepeat ? html`<p class="notice">${repeatNotice}</p>` : ''}
${content.runs.map((run, at) => card(run, plots.get(at), links))}
${foot(links)}`,
  );
}

function card(run: DigestRun, plot: string | undefined, links: MailLinks): Html {
  const url = runUrl(links, run.id);
  const reason = run.reason === null ? '' : `: ${run.reason}`;
  return html`<div class="card">
<h2>${url === null ? run.name : html`<a href="${url}">${run.name}</a>`}</h2>
<p><span class="state ${run.state}">${run.state}</span>${reason}</p>
<p class="soft">${describeRun(run)}</p>
${run.figures.length === 0 ? '' : table(run.figures)}
${plot === undefined ? '' : image(run, plot)}
</div>`;
}

const table = (figures: readonly Figure[]): Html => html`<table class="figures">
<tr><th scope="col">metric</th><th scope="col">first</th><th scope="col">last</th><th scope="col">best</th></tr>
${figures.map((figure) => {
  const [key, ...numbers] = figureCells(figure);
  return html`<tr><td><code>${key}</code></td>${numbers.map((each) => html`<td>${each}</td>`)}</tr>
`;
})}</table>`;

/** The alternative says what the curve shows, for those who do not see it. */
function image({ name, figures, curve }: DigestRun, plot: string): Html {
  const figure = figures.find(({ key }) => key === curve?.key);
  const [key, first, last] = figure === undefined ? [curve?.key] : figureCells(figure);
  const course = figure === undefined ? '' : `: from ${first} to ${last}`;
  return html`<img class="plot" src="cid:${plot}" width="560" alt="${key} of ${name} by step${course}">`;
}

const foot = (
  links: MailLinks,
): Html => html`<p class="foot">Laurel sends this because your address subscribed to digests of these runs.
<a href="${unsubscribeHref(links)}">Unsubscribe</a></p>`;
