import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../errors.ts';
import type { Columns } from '../types.ts';
import {
  columnOf,
  datasetFromRows,
  datasetType,
  requireColumns,
  textTemplate,
  toMessages,
  toPreference,
  toPromptCompletion,
  toPromptExample,
} from './index.ts';

const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/data/golden.json', import.meta.url), 'utf8'),
);
const row = (columns: Columns, index = 0) => ({ index, columns });
const user = { role: 'user', content: 'Hi' };
const assistant = { role: 'assistant', content: 'Hello' };

describe('textTemplate', () => {
  const fill = (source: string, columns: Columns) => textTemplate(source).fill(columns);

  it('puts columns in place of their names', () => {
    expect(fill('Question: {question}\nAnswer:', { question: '1+1?' })).toBe(
      'Question: 1+1?\nAnswer:',
    );
    expect(fill('{a}{b}{a}', { a: 1, b: true })).toBe('1true1');
    expect(textTemplate('{a} { b }{a}').columns).toEqual(['a', 'b']);
  });

  it('reads doubled braces as braces, and braces in values as they are', () => {
    expect(fill('\\boxed{{{a}}} {{b}}', { a: '{x}' })).toBe('\\boxed{{x}} {b}');
  });

  it.each(['{', 'a } b', '{}', '{a', 'a}'])('refuses the stray brace of %j', (source) => {
    expect(() => textTemplate(source)).toThrow(ConfigError);
    expect(() => textTemplate(source)).toThrow('names no column; write {column}');
  });

  it('names a column that is not there and the one that was meant', () => {
    expect(() => fill('{quesiton}', { question: '', answer: '' })).toThrow(
      'the row has no column "quesiton"; it has question, answer; did you mean "question"?',
    );
  });

  it('refuses values that have no plain text', () => {
    expect(() => fill('{a}', { a: null })).toThrow('column "a" is null');
    expect(() => fill('{a}', { a: [1] })).toThrow('column "a" is an array');
  });
});

describe('columns', () => {
  it('are checked for a whole dataset at once', () => {
    const dataset = datasetFromRows('d', [{ a: 1 }, { question: 2 }]);
    expect(() => requireColumns(dataset, ['a', 'question'])).not.toThrow();
    expect(() => requireColumns(dataset, ['Question'])).toThrow(
      'dataset "d" has no column "Question"; it has a, question; did you mean "question"?',
    );
  });

  it('are the row’s own: inherited names are not there', () => {
    expect(() => columnOf({}, 'toString')).toThrow(DataError);
  });
});

describe('datasetType', () => {
  it.each([
    [{ text: 'x' }, 'language-modeling', 'plain'],
    [{ messages: [user] }, 'messages', 'conversational'],
    [{ conversations: [{ from: 'human', value: 'x' }] }, 'messages', 'conversational'],
    [{ prompt: 'x', answer: 'y' }, 'prompt-only', 'plain'],
    [{ prompt: [user] }, 'prompt-only', 'conversational'],
    [{ prompt: 'x', completion: 'y' }, 'prompt-completion', 'plain'],
    [{ prompt: [user], completion: [assistant] }, 'prompt-completion', 'conversational'],
    [{ chosen: 'x', rejected: 'y' }, 'preference', 'plain'],
    [
      { prompt: [user], chosen: [assistant], rejected: [assistant] },
      'preference',
      'conversational',
    ],
    [{ prompt: 'x', completion: 'y', label: true }, 'unpaired-preference', 'plain'],
    [{ prompt: 'x', completions: ['y'], labels: [true] }, 'stepwise-supervision', 'plain'],
    [{ question: 'x', answer: 'y' }, 'unknown', 'plain'],
  ])('reads %j as %s, %s', (columns, type, format) => {
    expect(datasetType(columns)).toEqual({ type, format });
  });
});

describe('toPromptExample and toPromptCompletion', () => {
  it('keep every column on the example for the reward', () => {
    const example = row({ prompt: 'p', answer: 42 });
    const { prompt, example: kept } = toPromptExample(example);
    expect(prompt).toBe('p');
    expect(kept.columns).toEqual({ prompt: 'p', answer: 42 });
  });

  it('fill templates from other columns', () => {
    const found = toPromptCompletion(row({ question: 'q', answer: 'a' }), {
      promptTemplate: textTemplate('Question: {question}\nAnswer:'),
      completionTemplate: textTemplate(' {answer}'),
    });
    expect([found.prompt, found.completion]).toEqual(['Question: q\nAnswer:', ' a']);
  });

  it('read other columns and conversations', () => {
    const found = toPromptCompletion(row({ q: [user], a: [assistant] }), {
      promptColumn: 'q',
      completionColumn: 'a',
    });
    expect([found.prompt, found.completion]).toEqual([[user], [assistant]]);
  });

  it('name row and column of a value that is neither text nor conversation', () => {
    expect(() => toPromptExample(row({ prompt: 3 }, 7))).toThrow(
      'row 7, column "prompt": expected text or a list of {role, content} turns, found a number',
    );
    expect(() => toPromptExample(row({ prompt: [] }))).toThrow('found an empty array');
    expect(() => toPromptExample(row({ prompts: 'x' }, 2))).toThrow(
      'row 2 has no column "prompt"; it has prompts; did you mean "prompts"?',
    );
  });
});

describe('toPreference', () => {
  it('takes an explicit prompt as it is', () => {
    const { prompt, chosen, rejected } = toPreference(
      row({ prompt: 'p', chosen: 'pa', rejected: 'pb' }),
    );
    expect([prompt, chosen, rejected]).toEqual(['p', 'pa', 'pb']);
  });

  it('finds an implicit prompt where TRL finds it', () => {
    for (const { pair, split } of golden.preferences) {
      const { example: _, ...found } = toPreference(row(pair));
      expect(found).toEqual(split);
    }
  });

  it('does not cut a character outside the basic plane in two', () => {
    // 👋 is D83D DC4B, 👌 is D83D DC4C
    const { prompt, chosen } = toPreference(row({ chosen: 'a👋', rejected: 'a👌' }));
    expect([prompt, chosen]).toEqual(['a', '👋']);
  });

  it('leaves the prompt empty where the first characters differ', () => {
    expect(toPreference(row({ chosen: 'x ', rejected: 'y ' })).prompt).toBe('');
  });

  it('refuses a pair that does not differ, or of which one begins with the other', () => {
    expect(() => toPreference(row({ chosen: 'same', rejected: 'same' }))).toThrow('do not differ');
    expect(() => toPreference(row({ chosen: 'same', rejected: 'same and more' }))).toThrow(
      DataError,
    );
    expect(() => toPreference(row({ chosen: 'x', rejected: [user] }))).toThrow(
      'one of chosen and rejected',
    );
  });
});

describe('toMessages', () => {
  it('reads messages with all their fields', () => {
    const messages = [user, { ...assistant, tool_calls: [] }];
    expect(toMessages(row({ messages })).messages).toEqual(messages);
  });

  it('reads ShareGPT conversations', () => {
    const conversations = [
      { from: 'human', value: 'Hi' },
      { from: 'gpt', value: 'Hello' },
    ];
    expect(toMessages(row({ conversations })).messages).toEqual([user, assistant]);
  });

  it('names a turn without a role and a value that is no conversation', () => {
    expect(() => toMessages(row({ messages: [user, { text: 'x' }] }))).toThrow(
      'a turn has no role',
    );
    expect(() => toMessages(row({ messages: 'x' }))).toThrow(
      'expected a list of {role, content} turns',
    );
    expect(() => toMessages(row({ text: 'x' }))).toThrow('has no column "messages"');
    expect(() => toMessages(row({ messages: [{ role: 'user', content: 3 }] }))).toThrow(
      'is a number',
    );
  });
});
