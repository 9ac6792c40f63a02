import type { ComponentChild } from 'preact';
import { ComparePage } from './compare/compare-page.tsx';
import { CompletionsPage } from './completions/completions-page.tsx';
import { Empty } from './components/empty.tsx';
import { PaperPage } from './papers/paper-page.tsx';
import { PapersPage } from './papers/papers-page.tsx';
import { matchPath, type Place } from './router.ts';
import { RunPage } from './run/run-page.tsx';
import { RunsPage } from './runs/runs-page.tsx';

/** What an address shows. */
export interface Route {
  /** What it is called in the browser's title. */
  readonly title: string;
  readonly page: ComponentChild;
}

type Values = Readonly<Record<string, string>>;

const routes: readonly (readonly [string, (values: Values, place: Place) => Route])[] = [
  ['/', () => ({ title: 'Papers', page: <PapersPage /> })],
  ['/papers/:name', ({ name = '' }) => ({ title: name, page: <PaperPage name={name} /> })],
  ['/runs', () => ({ title: 'Runs', page: <RunsPage /> })],
  [
    '/runs/:id',
    ({ id = '' }, { query }) => ({
      title: `Run ${id}`,
      page: <RunPage key={id} id={Number(id)} query={query} />,
    }),
  ],
  [
    '/runs/:id/completions',
    ({ id = '' }, { query }) => ({
      title: `Completions of run ${id}`,
      page: <CompletionsPage key={id} id={Number(id)} query={query} />,
    }),
  ],
  ['/compare', (_, { query }) => ({ title: 'Comparison', page: <ComparePage query={query} /> })],
];

/** The route of an address; one that says so where there is none. */
export function findRoute(place: Place): Route {
  for (const [pattern, make] of routes) {
    const values = matchPath(pattern, place.path);
    if (values !== undefined) return make(values, place);
  }
  return { title: 'Not found', page: <NotFound path={place.path} /> };
}

function NotFound({ path }: { path: string }) {
  return (
    <Empty title="There is no such page">
      <p>
        Nothing is at <code>{path}</code>. <a href="/runs">All runs</a>
      </p>
    </Empty>
  );
}
