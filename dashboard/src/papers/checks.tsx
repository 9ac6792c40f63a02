import type { CheckView } from '../../../src/server/api.ts';

const verdictWords: Record<CheckView['verdict'], string> = {
  appears: 'Appears',
  partly: 'Partly',
  'does not appear': 'Does not appear',
  'not measured': 'Not measured',
};

/** Every finding of a paper beside what was found here, those that do not appear too. */
export function Checks({ checks }: { checks: readonly CheckView[] }) {
  return (
    <div class="paper-checks">
      <table>
        <thead>
          <tr>
            <th scope="col">Finding</th>
            <th scope="col">In the paper</th>
            <th scope="col">Here</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {checks.map(({ id, finding, paper, ours, verdict, note }) => (
            <tr key={id}>
              <th scope="row">{finding}</th>
              <td data-title="In the paper">{paper}</td>
              <td data-title="Here">
                {ours}
                {note !== null && <p class="paper-note">{note}</p>}
              </td>
              <td data-title="Verdict">
                <span class="verdict" data-verdict={verdict}>
                  {verdictWords[verdict]}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
