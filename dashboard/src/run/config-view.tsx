import { useState } from 'preact/hooks';
import type { ConfigEntry } from '../../../src/server/api.ts';
import { count } from '../format.ts';
import './config.css';
import { showValue } from './config-value.ts';

/** A run's options: those that differ from their default first, the others by group. */
export function ConfigView({ config }: { config: readonly ConfigEntry[] }) {
  const [text, setText] = useState('');
  const matches = config.filter(({ key, description }) =>
    `${key} ${description}`.toLowerCase().includes(text.toLowerCase()),
  );
  const differing = matches.filter(({ differs }) => differs);
  const usual = matches.filter(({ differs }) => !differs);
  const groups = [...new Set(usual.map(({ group }) => group))];
  if (config.length === 0) return <p class="nothing">This run recorded no configuration.</p>;
  return (
    <>
      <div class="toolbar config-controls">
        <label class="field">
          <span>Options</span>
          <input
            type="search"
            placeholder="Name or description"
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <p role="status">
          {count(differing.length, 'option')} of {matches.length}{' '}
          {differing.length === 1 ? 'differs' : 'differ'} from the default
        </p>
      </div>
      <section class="config-differs">
        <h2>What this run sets</h2>
        {differing.length === 0 ? (
          <p class="nothing">Nothing: every option is as by default.</p>
        ) : (
          <ConfigTable entries={differing} />
        )}
      </section>
      {groups.map((group) => (
        <ConfigGroup
          key={group}
          name={group}
          entries={usual.filter((entry) => entry.group === group)}
          isOpen={text !== ''}
        />
      ))}
    </>
  );
}

interface ConfigGroupProps {
  readonly name: string;
  readonly entries: readonly ConfigEntry[];
  readonly isOpen: boolean;
}

function ConfigGroup({ name, entries, isOpen }: ConfigGroupProps) {
  return (
    <details class="config-group" open={isOpen}>
      <summary>
        <h2>{name}</h2>
        <span>{count(entries.length, 'option')} as by default</span>
      </summary>
      <ConfigTable entries={entries} />
    </details>
  );
}

function ConfigTable({ entries }: { entries: readonly ConfigEntry[] }) {
  return (
    <table class="config-table">
      <thead>
        <tr>
          <th scope="col">Option</th>
          <th scope="col">Value</th>
          <th scope="col" class="wide">
            Default
          </th>
          <th scope="col" class="wide">
            What it does
          </th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.key}>
            <th scope="row">
              <code>{entry.key}</code>
            </th>
            <td class="config-value">{showValue(entry.value)}</td>
            <td class="wide config-default">{showValue(entry.default)}</td>
            <td class="wide config-description">{entry.description}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
