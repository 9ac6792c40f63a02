import type { PaperView } from '../../../src/server/api.ts';
import { CopyCommand } from './copy-command.tsx';
import { Headline } from './headline.tsx';
import { PaperStatusBadge } from './paper-status.tsx';
import { activityWords, authorWords, dateWords } from './paper-words.ts';

/** A paper in the list. */
export function PaperCard({ paper }: { paper: PaperView }) {
  const { name, title, claim, date, url, arxivId, status, commands, results } = paper;
  const [plot] = results?.plots ?? [];
  const [first] = commands;
  const id = `paper-${name}`;
  return (
    <article class="paper-card" aria-labelledby={id}>
      <div class="paper-main">
        <p class="paper-dateline">
          <time dateTime={date}>{dateWords(date)}</time>
          <PaperStatusBadge status={status} />
        </p>
        <h2 id={id}>
          <a href={`/papers/${name}`}>{title}</a>
        </h2>
        <p class="paper-authors">{authorWords(paper)}</p>
        <p class="paper-claim">{claim}</p>
        {first !== undefined && <CopyCommand command={first.command} />}
        <p class="paper-links">
          <a href={url} rel="noreferrer">
            arXiv {arxivId}
          </a>
          <Activity paper={paper} />
        </p>
      </div>
      {results !== null && (
        <div class="paper-result">
          <Headline headline={results.headline} />
          {plot !== undefined && (
            <a href={`/papers/${name}`} class="paper-plot">
              <img src={plot.url} alt={plot.caption} />
            </a>
          )}
        </div>
      )}
    </article>
  );
}

/** Runs here that belong to the paper; a link where there are any. */
export function Activity({ paper: { name, activity } }: { paper: PaperView }) {
  const words = activityWords(activity);
  if (activity.runs === 0) return <span>{words}</span>;
  return <a href={`/runs?paper=${encodeURIComponent(name)}`}>{words}</a>;
}
