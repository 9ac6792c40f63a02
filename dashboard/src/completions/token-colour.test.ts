import { describe, expect, it } from 'vitest';
import { describeToken, heatOf } from './token-colour.ts';

const token = {
  ...{ text: ' the', id: 262, logprob: -3, entropy: 1, advantage: -1, ratio: 1.5, trained: true },
};

describe('heatOf', () => {
  it('is half of the scale half the way down', () => {
    // −3 of −6 nats.
    expect(heatOf(token, 'logprob')).toEqual({ tone: 'warm', strength: 0.5 });
    // 1 of 4 nats.
    expect(heatOf(token, 'entropy')).toEqual({ tone: 'warm', strength: 0.25 });
  });
  it('has a colour for each side of a diverging scale', () => {
    expect(heatOf(token, 'advantage')).toEqual({ tone: 'low', strength: 0.5 });
    expect(heatOf({ ...token, advantage: 1 }, 'advantage')?.tone).toBe('high');
    expect(heatOf(token, 'ratio')).toEqual({ tone: 'high', strength: 1 });
  });
  it('takes a ratio and its inverse for equally far from 1', () => {
    const [up, down] = [1.2, 1 / 1.2].map((ratio) => heatOf({ ...token, ratio }, 'ratio'));
    expect(up?.strength).toBeCloseTo(down!.strength, 12);
    expect([up?.tone, down?.tone]).toEqual(['high', 'low']);
  });
  it('ends at the ends of the scale', () => {
    expect(heatOf({ ...token, logprob: -50 }, 'logprob')?.strength).toBe(1);
    expect(heatOf({ ...token, ratio: 0 }, 'ratio')?.strength).toBe(1);
  });
  it('has none without a value, and none in the modes that show no number', () => {
    expect(heatOf({ ...token, entropy: null }, 'entropy')).toBeUndefined();
    expect([heatOf(token, 'none'), heatOf(token, 'trained')]).toEqual([undefined, undefined]);
  });
});

it('says all that is known of a token', () => {
  // e⁻³ = 4.979%
  expect(describeToken(token)).toBe(
    '" the" id 262 · log-probability −3 (4.979%) · entropy 1 · advantage −1 · ratio 1.5 · trained on',
  );
  expect(describeToken({ ...token, logprob: null, entropy: null, trained: false })).toBe(
    '" the" id 262 · advantage −1 · ratio 1.5 · left out by a filter or mask',
  );
});
