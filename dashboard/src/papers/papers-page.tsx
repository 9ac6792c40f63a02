import { api } from '../api.ts';
import { Empty } from '../components/empty.tsx';
import { LiveRegion } from '../components/live-region.tsx';
import { ProblemNotice } from '../components/problem.tsx';
import { Segments } from '../components/segments.tsx';
import { useLive } from '../live.ts';
import { setQuery, usePlace } from '../router.ts';
import { useResource } from '../use-resource.ts';
import { PaperCard } from './paper-card.tsx';
import './papers.css';
import { orderOf, orders, sortPapers } from './sort-papers.ts';
import { SubscribeForm } from './subscribe-form.tsx';

/** The front page: the papers that run, or do not yet. */
export function PapersPage() {
  const { query } = usePlace();
  const q = query.get('q') ?? '';
  const order = orderOf(query.get('order'));
  const { value, error, reload, reloadSoon } = useResource(
    `papers ${q}`,
    (signal) => api.papers(q, signal),
    { keepValue: true },
  );
  useLive({ hello: reloadSoon, 'runs-changed': reloadSoon });
  const shown = value && sortPapers(value.papers, order);
  const found = value === undefined ? '' : `${value.papers.length} of ${value.total} papers`;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Papers</h1>
          <p>
            What each claims, the command that runs it here, and how much of it was found again.
          </p>
        </div>
      </div>
      <div class="toolbar papers-toolbar">
        <label class="field papers-search">
          <span>Search titles and summaries</span>
          <input
            type="search"
            value={q}
            onInput={(event) => setQuery({ q: event.currentTarget.value })}
          />
        </label>
        <Segments
          label="Order"
          choices={orders}
          value={order}
          onChange={(next) => setQuery({ order: next === 'newest' ? null : next })}
        />
        <p class="papers-count">{q !== '' && found}</p>
      </div>
      <LiveRegion text={q === '' ? '' : found} />
      <ProblemNotice error={error} onRetry={reload} />
      <div class="papers-layout">
        <div>
          {shown?.length === 0 && <NoMatch />}
          <ol class="papers">
            {shown?.map((paper) => (
              <li key={paper.name}>
                <PaperCard paper={paper} />
              </li>
            ))}
          </ol>
        </div>
        {value && <SubscribeForm subscribe={value.subscribe} />}
      </div>
    </>
  );
}

function NoMatch() {
  return (
    <Empty title="No paper has all these words">
      <button type="button" class="button" onClick={() => setQuery({ q: null })}>
        Show all papers
      </button>
    </Empty>
  );
}
