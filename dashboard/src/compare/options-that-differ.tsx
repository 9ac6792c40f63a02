import type { RunPage } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import '../run/config.css';
import { showValue } from '../run/config-value.ts';
import { useResource } from '../use-resource.ts';

/** The options in which the compared runs differ: the likely reason why their curves do. */
export function OptionsThatDiffer({ runs }: { runs: readonly number[] }) {
  const pages = useResource(`options of ${runs.join()}`, (signal) =>
    Promise.all(runs.map((id) => api.run(id, signal))),
  );
  if (pages.value === undefined || runs.length < 2) return null;
  const rows = differing(pages.value);
  return (
    <section class="options-differ">
      <h2>Options that differ</h2>
      {rows.length === 0 ? (
        <p>None: these runs have the same configuration.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls is reached by keyboard
        <div class="scroll-across" tabIndex={0}>
          <table class="config-table">
            <thead>
              <tr>
                <th scope="col">Option</th>
                {pages.value.map(({ run }) => (
                  <th key={run.id} scope="col">
                    {run.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([key, values]) => (
                <tr key={key}>
                  <th scope="row">
                    <code>{key}</code>
                  </th>
                  {values.map((value, index) => (
                    <td key={pages.value![index]!.run.id}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** Option by option, the values of all runs, where they are not the same; a run's own folder says nothing. */
export function differing(pages: readonly Pick<RunPage, 'config'>[]): [string, string[]][] {
  const tables = pages.map(({ config }) => new Map(config.map(({ key, value }) => [key, value])));
  const keys = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  return keys
    .filter((key) => !['output_dir', 'run_name'].includes(key))
    .map((key): [string, string[]] => [key, tables.map((table) => showValue(table.get(key)))])
    .filter(([, values]) => new Set(values).size > 1);
}
