import type { HeadlineView } from '../../../src/server/api.ts';
import { formatValue, spreadWords } from './paper-words.ts';

/** The one number of a paper: ours beside the paper's. */
export function Headline({ headline }: { headline: HeadlineView }) {
  const { name, ours, paper } = headline;
  const spread = spreadWords(headline);
  return (
    <div class="headline">
      <p class="headline-name">{name}</p>
      <dl>
        <div>
          <dt>here</dt>
          <dd>{ours === null ? 'not measured' : formatValue(ours, headline)}</dd>
        </div>
        <div>
          <dt>in the paper</dt>
          <dd>{paper === null ? 'not given' : formatValue(paper, headline)}</dd>
        </div>
      </dl>
      {spread !== '' && <p class="headline-spread">{spread}</p>}
    </div>
  );
}
