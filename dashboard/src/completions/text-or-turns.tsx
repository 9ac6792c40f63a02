import type { TurnView } from '../../../src/server/api.ts';

interface TextOrTurnsProps {
  readonly text: string;
  readonly turns: readonly TurnView[] | null;
}

/** A conversation as its turns, each under its speaker; other text as it is. */
export function TextOrTurns({ text, turns }: TextOrTurnsProps) {
  if (turns === null || turns.length === 0) return <Text text={text} />;
  return (
    <ol class="turns">
      {turns.map(({ role, content }, index) => (
        <li key={index} data-role={role}>
          <b>{role}</b>
          <Text text={content} />
        </li>
      ))}
    </ol>
  );
}

function Text({ text }: { text: string }) {
  return text === '' ? <p class="nothing-written">(empty)</p> : <p class="plain-text">{text}</p>;
}
