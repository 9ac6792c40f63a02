import { Segments } from '../components/segments.tsx';
import { setQuery } from '../router.ts';
import type { CompletionsView } from './completions-view.ts';
import { colourModes } from './token-colour.ts';

interface CompletionFiltersProps {
  readonly view: CompletionsView;
  readonly hasTokens: boolean;
}

const set = (changes: Readonly<Record<string, string | null>>) =>
  setQuery({ offset: null, ...changes });

/** Which completions are shown, in which order, coloured by what. */
export function CompletionFilters({ view, hasTokens }: CompletionFiltersProps) {
  return (
    <search class="toolbar completion-filters">
      <label class="field">
        <span>Search</span>
        <input
          type="search"
          placeholder="In prompts and completions"
          value={view.text}
          onInput={({ currentTarget }) => set({ text: currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Ended by</span>
        <select
          value={view.finish}
          onChange={({ currentTarget }) => set({ finish: currentTarget.value })}
        >
          <option value="">Any</option>
          <option value="stop">Its own stop</option>
          <option value="length">The length limit</option>
        </select>
      </label>
      <RewardBound name="minReward" label="Reward from" value={view.minReward} />
      <RewardBound name="maxReward" label="to" value={view.maxReward} />
      <Segments
        label="Order"
        choices={[
          ['drawn', 'As drawn'],
          ['best', 'Best first'],
        ]}
        value={view.order}
        onChange={(order) => set({ order: order === 'drawn' ? null : order })}
      />
      <label class="field">
        <span>{hasTokens ? 'Colour tokens by' : 'Tokens not stored for this step'}</span>
        <select
          value={view.colour}
          disabled={!hasTokens && view.colour === 'none'}
          onChange={({ currentTarget: { value } }) =>
            setQuery({ colour: value === 'none' ? null : value })
          }
        >
          {colourModes.map(([mode, name]) => (
            <option key={mode} value={mode}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </search>
  );
}

interface RewardBoundProps {
  readonly name: 'minReward' | 'maxReward';
  readonly label: string;
  readonly value: string;
}

function RewardBound({ name, label, value }: RewardBoundProps) {
  return (
    <label class="field reward-bound">
      <span>{label}</span>
      <input
        type="number"
        step="any"
        value={value}
        aria-label={name === 'minReward' ? 'Lowest reward' : 'Highest reward'}
        onInput={({ currentTarget }) => set({ [name]: currentTarget.value })}
      />
    </label>
  );
}
