import type { CompletionView } from '../../../src/server/api.ts';
import { useSeen } from '../charts/use-seen.ts';
import { count, formatNumber } from '../format.ts';
import { TextOrTurns } from './text-or-turns.tsx';
import type { ColourMode } from './token-colour.ts';
import { TokenText } from './token-text.tsx';

interface CompletionCardProps {
  readonly runId: number;
  readonly step: number;
  readonly completion: CompletionView;
  readonly rewardNames: readonly string[];
  readonly colour: ColourMode;
}

/** One completion: what it earned and why, how it ended, what it says. */
export function CompletionCard(props: CompletionCardProps) {
  const { runId, step, completion, rewardNames, colour } = props;
  const { index, text, turns, hasTokens } = completion;
  const [host, isSeen] = useSeen<HTMLLIElement>();
  return (
    <li class="panel completion" ref={host} data-completion={index}>
      <header>
        <p class="completion-reward">
          <b>{formatNumber(completion.reward)}</b> <small>reward</small>
        </p>
        <Advantage value={completion.advantage} />
        <Ending completion={completion} />
      </header>
      <Rewards completion={completion} names={rewardNames} />
      {colour !== 'none' && hasTokens && isSeen ? (
        <TokenText key={`${step}-${index}`} runId={runId} step={step} index={index} mode={colour} />
      ) : (
        <div class="completion-text">
          <TextOrTurns text={text} turns={turns} />
        </div>
      )}
    </li>
  );
}

function Advantage({ value }: { value: number | null }) {
  if (value === null) return null;
  const share = Math.min(Math.abs(value) / 2, 1) * 50;
  const side = value < 0 ? 'low' : 'high';
  return (
    <div class="advantage">
      <span>
        advantage <b>{`${value > 0 ? '+' : ''}${formatNumber(value)}`}</b>
      </span>
      <div class="advantage-bar" data-side={side} aria-hidden="true">
        <i style={{ width: `${share}%`, left: value < 0 ? `${50 - share}%` : '50%' }} />
      </div>
    </div>
  );
}

function Ending({ completion: { finishReason, length } }: { completion: CompletionView }) {
  const isCut = finishReason === 'length';
  return (
    <p class="ending" data-finish={finishReason}>
      {count(length, 'token')}
      <span title={isCut ? 'Ended by the length limit' : 'Ended by its own stop'}>
        {isCut ? '✂ cut' : '■ ended'}
      </span>
    </p>
  );
}

function Rewards({ completion, names }: { completion: CompletionView; names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <dl class="rewards">
      {names.map((name) => (
        <div key={name}>
          <dt title={name}>{name}</dt>
          <dd>{formatNumber(completion.rewards[name])}</dd>
        </div>
      ))}
    </dl>
  );
}
