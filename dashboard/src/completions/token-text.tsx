import { useState } from 'preact/hooks';
import type { TokenView } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import { ProblemNotice } from '../components/problem.tsx';
import { useResource } from '../use-resource.ts';
import { type ColourMode, describeToken, heatOf } from './token-colour.ts';

interface TokenTextProps {
  readonly runId: number;
  readonly step: number;
  readonly index: number;
  readonly mode: ColourMode;
}

/** A completion token by token, coloured; pointing at one, or arrow keys, tell all that is known of it. */
export function TokenText({ runId, step, index, mode }: TokenTextProps) {
  const tokens = useResource(`tokens ${runId} ${step} ${index}`, (signal) =>
    api.tokens(runId, step, index, signal),
  );
  const [current, setCurrent] = useState<number>();
  const { value } = tokens;
  if (value === undefined)
    return tokens.error ? (
      <ProblemNotice error={tokens.error} onRetry={tokens.reload} />
    ) : (
      <p class="completion-text">Fetching tokens…</p>
    );
  const token = current === undefined ? undefined : value.tokens[current];
  return (
    <>
      {value.note && <p class="token-note">{value.note}</p>}
      <Tokens tokens={value.tokens} mode={mode} current={current} onMove={setCurrent} />
      <output class="token-reading" aria-live="polite">
        {token ? describeToken(token) : summary(value.tokens)}
      </output>
    </>
  );
}

function summary(tokens: readonly TokenView[]): string {
  const left = tokens.filter(({ trained }) => !trained).length;
  return left === 0
    ? 'Point at a token, or use the arrow keys.'
    : `${left} of ${tokens.length} tokens were left out by a filter or mask.`;
}

interface TokensProps {
  readonly tokens: readonly TokenView[];
  readonly mode: ColourMode;
  readonly current: number | undefined;
  readonly onMove: (index: number | undefined) => void;
}

function Tokens({ tokens, mode, current, onMove }: TokensProps) {
  const pointed = (event: { target: EventTarget | null }) => {
    const text = (event.target as HTMLElement).dataset['index'];
    if (text !== undefined) onMove(Number(text));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -tokens.length, End: tokens.length }[
      event.key
    ];
    if (move === undefined) return;
    event.preventDefault();
    onMove(Math.min(Math.max((current ?? -1) + move, 0), tokens.length - 1));
  };
  return (
    <div
      class="completion-text tokens"
      role="application"
      aria-roledescription="tokens"
      aria-label={`${tokens.length} tokens; arrow keys read them`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go through its tokens
      tabIndex={0}
      data-arrows
      data-mode={mode}
      onPointerOver={pointed}
      onPointerLeave={() => onMove(undefined)}
      onKeyDown={onKeyDown}
      onBlur={() => onMove(undefined)}
    >
      {tokens.map((token, index) => (
        <Token key={index} token={token} index={index} mode={mode} isCurrent={index === current} />
      ))}
    </div>
  );
}

interface TokenProps {
  readonly token: TokenView;
  readonly index: number;
  readonly mode: ColourMode;
  readonly isCurrent: boolean;
}

function Token({ token, index, mode, isCurrent }: TokenProps) {
  const heat = heatOf(token, mode);
  return (
    <span
      class="token"
      data-index={index}
      data-tone={heat?.tone}
      data-trained={token.trained ? undefined : 'no'}
      data-current={isCurrent ? '' : undefined}
      style={heat ? { '--heat': `${Math.round(heat.strength * 100)}%` } : undefined}
    >
      {shownText(token.text)}
    </span>
  );
}

/** Line breaks and empty tokens get a sign, so that there is something to see and to point at. */
const shownText = (text: string): string => (text === '' ? '∅' : text.replaceAll('\n', '↵\n'));
