import { Empty } from '../components/empty.tsx';

/** One paper: claim, command, result. */
export function PaperPage({ name }: { name: string }) {
  return (
    <Empty title={name}>
      <p>
        <a href="/">All papers</a>
      </p>
    </Empty>
  );
}
