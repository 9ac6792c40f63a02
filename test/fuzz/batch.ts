// A child of the fuzzer: reads inputs `from` … `to` of one target and reports on each that is not in order.
import { openSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { attempt, memoryBound, prepareFolder } from './attempt.ts';
import { inputAt, targets } from './inputs.ts';

/** What the child says of one input. */
export interface Report {
  readonly kind: 'problem' | 'memory';
  readonly index: number;
  readonly text: string;
}

/** What the child says at its end. */
export interface Summary {
  readonly kind: 'summary';
  readonly inputs: number;
  readonly accepted: number;
  readonly slowestMs: number;
  readonly slowestIndex: number;
  readonly largestGrowthBytes: number;
}

const WARM_UP = 20;

const [name, seedText, fromText, toText, root, progressFile] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const target = targets.find((each) => each.name === name)!;
const [seed, from, to] = [seedText, fromText, toText].map(Number) as [number, number, number];
const folder = prepareFolder(target, root);
const progress = openSync(progressFile, 'w');

const send = (message: Report | Summary): void => void process.send?.(message);

let current = from;
process.on('unhandledRejection', (reason) => {
  const text = `unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`;
  send({ kind: 'problem', index: current, text });
});

for (let round = 0; round < WARM_UP; round++) {
  await attempt(target, target.seeds[round % target.seeds.length]!, folder);
}
let [accepted, slowestMs, slowestIndex, largestGrowthBytes] = [0, 0, from, 0];
for (current = from; current < to; current++) {
  const input = inputAt(target, seed, current);
  writeSync(progress, String(current).padEnd(12), 0);
  const outcome = await attempt(target, input, folder);
  await nextTurn();
  if (outcome.accepted) accepted++;
  if (outcome.milliseconds > slowestMs) [slowestMs, slowestIndex] = [outcome.milliseconds, current];
  largestGrowthBytes = Math.max(largestGrowthBytes, outcome.growthBytes);
  if (outcome.problem !== undefined)
    send({ kind: 'problem', index: current, text: outcome.problem });
  if (outcome.growthBytes > memoryBound(target, input.length)) {
    const text = `${outcome.growthBytes} bytes for a file of ${input.length}`;
    send({ kind: 'memory', index: current, text });
  }
}
const inputs = to - from;
send({ kind: 'summary', inputs, accepted, slowestMs, slowestIndex, largestGrowthBytes });
process.disconnect?.();
