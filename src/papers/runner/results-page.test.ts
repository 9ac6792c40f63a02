import { expect, test } from 'vitest';
import { type ResultsPage, renderHtml, renderMarkdown } from './results-page.ts';

const page: ResultsPage = {
  title: 'A study',
  sections: [
    {
      heading: 'Found',
      blocks: [
        { text: 'One < two.' },
        { table: { head: ['a', 'b'], rows: [['x|y', '`z`']] } },
        { code: 'a < b' },
        { plot: { file: 'p.svg', title: 'P', caption: 'How p goes.' } },
      ],
    },
  ],
};

test('Markdown has headings, tables whose cells keep their bars, code and plots as files', () => {
  expect(renderMarkdown(page)).toBe(
    [
      '# A study',
      '## Found',
      'One < two.',
      '| a | b |\n| --- | --- |\n| x\\|y | `z` |',
      '```text\na < b\n```',
      '![P](p.svg)\n\n*How p goes.*\n',
    ].join('\n\n'),
  );
});

test('HTML escapes text and holds the plots themselves', () => {
  const html = renderHtml(page, new Map([['p.svg', '<svg id="p"/>']]));
  expect(html).toContain('<p>One &lt; two.</p>');
  expect(html).toContain('<td>x|y</td><td><code>z</code></td>');
  expect(html).toContain('<pre>a &lt; b</pre>');
  expect(html).toContain('<figure><svg id="p"/><figcaption>How p goes.</figcaption></figure>');
});
