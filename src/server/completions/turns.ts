import type { TurnView } from '../api.ts';

/** How chat templates mark turns: what opens one, its role, what closes it. */
const templates: readonly { readonly opens: RegExp; readonly closes: string }[] = [
  { opens: /<\|im_start\|>([^\n<]{1,40})\n/g, closes: '<|im_end|>' },
  { opens: /<\|start_header_id\|>([^\n<]{1,40})<\|end_header_id\|>\n\n/g, closes: '<|eot_id|>' },
  { opens: /<start_of_turn>([^\n<]{1,40})\n/g, closes: '<end_of_turn>' },
];

/**
 * The turns of a conversation written by a known chat template (ChatML, Llama 3's, Gemma's).
 * @returns null for text without their marks; text before the first mark is a turn of role `text`.
 */
export function readTurns(text: string): TurnView[] | null {
  for (const { opens, closes } of templates) {
    const marks = [...text.matchAll(opens)];
    if (marks.length === 0) continue;
    const turns = marks.map((mark, index) => {
      const start = mark.index + mark[0].length;
      const end = marks[index + 1]?.index ?? text.length;
      return { role: mark[1]!, content: withoutClose(text.slice(start, end), closes) };
    });
    const before = withoutClose(text.slice(0, marks[0]!.index), closes);
    return before.trim() === '' ? turns : [{ role: 'text', content: before }, ...turns];
  }
  return null;
}

function withoutClose(content: string, closes: string): string {
  const end = content.lastIndexOf(closes);
  return end >= 0 && content.slice(end + closes.length).trim() === ''
    ? content.slice(0, end)
    : content;
}
