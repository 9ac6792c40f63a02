import type { RandomInteger } from '../../src/data/index.ts';

/** Numbers at which size checks break. */
const EXTREMES = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n];
const LARGE = [0xffffffffn, 0x100000000n, 0x1fffffffffffffn, 0x7fffffffffffffffn, (1n << 64n) - 1n];
const NUMBERS = [
  '0',
  '-1',
  '1e999',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '1e-400',
  '-0',
];
const MARKS = '[]{}",:\r\n\\&*!|>-\0';
/** The most a mutated input may weigh. */
const MAX_BYTES = 1 << 16;

/** What mutations are made of besides the input itself. */
export interface Material {
  /** Other valid inputs to splice with. */
  readonly seeds: readonly Buffer[];
  /** Words of the format. */
  readonly words: readonly string[];
}

type Mutation = (input: Buffer, random: RandomInteger, material: Material) => Buffer;

const replace = (input: Buffer, from: number, to: number, by: Buffer): Buffer =>
  Buffer.concat([input.subarray(0, from), by, input.subarray(to)]);

function slice(input: Buffer, random: RandomInteger): [from: number, to: number] {
  const from = random(input.length + 1);
  return [from, Math.min(input.length, from + random(1 + random(256)))];
}

const flipBit: Mutation = (input, random) => {
  if (input.length === 0) return input;
  const output = Buffer.from(input);
  const at = random(output.length);
  output[at] = output[at]! ^ (1 << random(8));
  return output;
};

const setByte: Mutation = (input, random) => {
  if (input.length === 0) return input;
  const output = Buffer.from(input);
  output[random(output.length)] = random(256);
  return output;
};

const setNumber: Mutation = (input, random) => {
  if (input.length < 8) return input;
  const output = Buffer.from(input);
  const value = [...EXTREMES, ...LARGE][random(EXTREMES.length + LARGE.length)]!;
  const at = random(output.length - 7);
  if (random(2) === 0) output.writeBigUInt64LE(value, at);
  else output.writeUInt32LE(Number(value & 0xffffffffn), at);
  return output;
};

const insertBytes: Mutation = (input, random) => {
  const bytes = Buffer.from(Array.from({ length: 1 + random(16) }, () => random(256)));
  const at = random(input.length + 1);
  return replace(input, at, at, bytes);
};

const insertWord: Mutation = (input, random, { words }) => {
  const word = Buffer.from(words[random(words.length)] ?? '', 'utf8');
  const [from, to] = slice(input, random);
  return replace(input, from, random(2) === 0 ? from : to, word);
};

const remove: Mutation = (input, random) =>
  replace(input, ...slice(input, random), Buffer.alloc(0));

const truncate: Mutation = (input, random) => input.subarray(0, random(input.length + 1));

const repeat: Mutation = (input, random) => {
  const [from, to] = slice(input, random);
  const times = 1 + random(random(4) === 0 ? 200 : 4);
  return replace(input, to, to, Buffer.concat(Array(times).fill(input.subarray(from, to))));
};

const splice: Mutation = (input, random, { seeds }) => {
  const other = seeds[random(seeds.length)]!;
  const [from, to] = slice(other, random);
  return replace(input, ...slice(input, random), other.subarray(from, to));
};

/** Replaces a number written in digits. */
const changeNumber: Mutation = (input, random) => {
  const found = [...input.toString('latin1').matchAll(/-?\d+(?:\.\d+)?/g)];
  if (found.length === 0) return input;
  const { index, 0: text } = found[random(found.length)]!;
  const by = Buffer.from(NUMBERS[random(NUMBERS.length)]!);
  return replace(input, index, index + text.length, by);
};

/** Swaps one bracket, quote, separator or line end for another. */
const changeMark: Mutation = (input, random) => {
  const found = [...input.toString('latin1').matchAll(/[[\]{}",:\r\n\\&*!|>-]/g)];
  if (found.length === 0) return input;
  const { index } = found[random(found.length)]!;
  const mark = MARKS[random(MARKS.length)]!;
  return replace(input, index, index + random(2), Buffer.from(mark));
};

const mutations: readonly Mutation[] = [
  flipBit,
  setByte,
  setNumber,
  insertBytes,
  insertWord,
  remove,
  truncate,
  repeat,
  splice,
  changeNumber,
  changeMark,
];

/** One to eight mutations of a seed; which ones follow from `random` alone. */
export function mutate(random: RandomInteger, material: Material): Buffer {
  let output = material.seeds[random(material.seeds.length)]!;
  const count = 1 + random(1 + random(8));
  for (let done = 0; done < count; done++) {
    output = mutations[random(mutations.length)]!(output, random, material);
  }
  return output.subarray(0, MAX_BYTES);
}
