import { Empty } from '../components/empty.tsx';

/** The front page: the papers that run. */
export function PapersPage() {
  return (
    <Empty title="Papers">
      <p>
        The list of papers is on its way. <a href="/runs">All runs</a>
      </p>
    </Empty>
  );
}
