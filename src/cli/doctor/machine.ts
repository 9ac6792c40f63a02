import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Processor } from '../../tensor/processor.ts';
import { type Check, check } from './check.ts';

/** A text file's content, or '' where the system has no such file. */
export function readSystemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The processor, its instruction sets and the memory beside it. */
export function checkMachine(processor: Processor, architecture: string = process.arch): Check[] {
  const { model, features, physicalCores, hardwareThreads } = processor;
  const slow = architecture === 'x64' && !features.includes('AVX2');
  const gib = (totalmem() / 2 ** 30).toFixed(1);
  return [
    check(
      'processor',
      `${model}, ${count(physicalCores, 'core')}, ${count(hardwareThreads, 'hardware thread')}`,
    ),
    check(
      'instructions',
      features.join(', ') || 'nothing wider than the baseline',
      slow && 'without AVX2, matrix products run several times slower than on current processors',
    ),
    check('memory', `${gib} GiB`),
  ];
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;
