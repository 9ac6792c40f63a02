import type { PaperResults, PaperView } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import { ProblemNotice } from '../components/problem.tsx';
import { formatDate, formatDuration } from '../format.ts';
import { useLive } from '../live.ts';
import { useResource } from '../use-resource.ts';
import { Checks } from './checks.tsx';
import { CopyCommand } from './copy-command.tsx';
import { Headline } from './headline.tsx';
import { Activity } from './paper-card.tsx';
import { PaperStatusBadge } from './paper-status.tsx';
import { dateWords } from './paper-words.ts';
import './papers.css';

/** One paper: what it claims, how to run it, what was found again. */
export function PaperPage({ name }: { name: string }) {
  const { value, error, reload, reloadSoon } = useResource(`paper ${name}`, (signal) =>
    api.paper(name, signal),
  );
  useLive({ hello: reloadSoon, 'runs-changed': reloadSoon });
  return (
    <>
      <nav class="breadcrumb" aria-label="Breadcrumb">
        <a href="/">Papers</a>
      </nav>
      <ProblemNotice error={error} onRetry={reload} />
      {value && <Paper paper={value} />}
    </>
  );
}

function Paper({ paper }: { paper: PaperView }) {
  const { title, authors, date, url, arxivId, claim, summary, status, results } = paper;
  return (
    <article class="paper">
      <h1>{title}</h1>
      <p class="paper-authors">{authors.join(', ')}</p>
      <p class="paper-dateline">
        <time dateTime={date}>{dateWords(date)}</time>
        <a href={url} rel="noreferrer">
          arXiv {arxivId}
        </a>
        <PaperStatusBadge status={status} />
        <Activity paper={paper} />
      </p>
      <p class="paper-lead">{claim}</p>
      <p class="paper-summary">{summary}</p>
      <Commands paper={paper} />
      {results !== null && <Results results={results} />}
    </article>
  );
}

function Commands({ paper: { commands, shortName } }: { paper: PaperView }) {
  return (
    <section aria-labelledby="run-title">
      <h2 id="run-title">Run it</h2>
      {commands.length === 0 && (
        <p class="paper-none">{shortName} is not implemented here yet: no command runs it.</p>
      )}
      {commands.map(({ command, does }) => (
        <div key={command} class="paper-command">
          <p>{does}</p>
          <CopyCommand command={command} />
        </div>
      ))}
    </section>
  );
}

function Results({ results }: { results: PaperResults }) {
  const { headline, checks, plots, cells, recordedAt, laurelVersion } = results;
  return (
    <section aria-labelledby="results-title">
      <h2 id="results-title">What was found again</h2>
      <Headline headline={headline} />
      <p class="paper-record">
        {cells.done} of {cells.planned} runs of the study, {formatDuration(cells.seconds)} of
        computing, recorded {formatDate(recordedAt)} with Laurel {laurelVersion}. What finds it
        again:
      </p>
      <CopyCommand command={headline.command} />
      {checks.length > 0 && <Checks checks={checks} />}
      <div class="paper-plots">
        {plots.map(({ file, url, title, caption }) => (
          <figure key={file} id={file}>
            <img src={url} alt={title} loading="lazy" />
            <figcaption>{caption}</figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}
