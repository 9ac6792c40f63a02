import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ConfigOf, resolveConfig } from '../../config/index.ts';
import { splitmix64 } from '../../data/index.ts';
import { ConfigError, LaurelError } from '../../errors.ts';
import { loadRecommendationData, readRecommenderFile } from '../../recommendation/index.ts';
import { type LoadReport, measureLoad } from '../../recommendation/serve/measure-load.ts';
import { type Command, configFlag, helpFlag, textFlag } from '../command.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { loadConfig } from './answer-config.ts';
import { oneWord } from './one-word.ts';

type LoadConfig = ConfigOf<typeof loadConfig>;

const usage = 'laurel recommend load URL|MODEL [--requests 1000] [--concurrency 8] [--data FOLDER]';
const bin = fileURLToPath(new URL('../../../bin/laurel.mjs', import.meta.url));

/** `laurel recommend load` */
export const loadCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, loadConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(loadConfig, { commandFlags, usage }));
      return 0;
    }
    const target = oneWord(flags.positionals, 'which server or recommender to load', usage);
    const yamlFile = textFlag(flags.command, 'config');
    const config = resolveConfig(loadConfig, { yamlFile, flags: flags.options });
    const report = /^https?:\/\//.test(target)
      ? await load(target, await historiesFor(undefined, config), config)
      : await loadModel(target, config);
    process.stdout.write(config.json ? `${JSON.stringify(report)}\n` : render(report));
    return report.failures === 0 ? 0 : 1;
  },
};

/** Histories to send: those of the test questions, or drawn from the catalogue by popularity. */
async function historiesFor(
  folder: string | undefined,
  { data, seed, requests }: LoadConfig,
): Promise<string[][]> {
  if (data !== null) {
    const { test, items } = await loadRecommendationData(data);
    return test.map(({ history }) => history.map((place) => items[place]!.key));
  }
  if (folder === undefined)
    throw new ConfigError('data: required to load an address: whose histories shall be sent?');
  const { items, popularity } = readRecommenderFile(folder);
  return drawnHistories(items, popularity, Math.min(requests, 1000), seed);
}

/** Histories of 3 to 20 items, each drawn as often as it is taken. */
function drawnHistories(
  items: readonly { readonly key: string }[],
  popularity: readonly number[],
  count: number,
  seed: number,
): string[][] {
  let drawn = 0n;
  const uniform = () => Number(splitmix64(BigInt(seed), drawn++) >> 11n) / 2 ** 53;
  const sums: number[] = [];
  for (const [place, taken] of popularity.entries()) sums.push((sums[place - 1] ?? 0) + taken + 1);
  const draw = () => {
    const at = uniform() * sums.at(-1)!;
    return items[sums.findIndex((sum) => sum > at)]!.key;
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 3 + Math.floor(uniform() * 18) }, draw),
  );
}

async function load(
  origin: string,
  histories: readonly (readonly string[])[],
  { requests, concurrency, count }: LoadConfig,
): Promise<LoadReport> {
  const address = new URL('/recommendations', origin);
  const send = async (number: number) => {
    const history = histories[number % histories.length]!.slice(-1000);
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ history, count }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 200)}`);
  };
  return measureLoad(send, { requests, concurrency });
}

/** Serves a model in a process of its own, so that sender and server do not share a thread. */
async function loadModel(folder: string, config: LoadConfig): Promise<LoadReport> {
  const histories = await historiesFor(folder, config);
  const child = spawn(process.execPath, [bin, 'recommend', 'serve', folder, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: String(config.threads) },
  });
  try {
    return await load(await originOf(child), histories, config);
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** The first line that a server prints. */
async function originOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new LaurelError('the server ended before it could be reached; its message is above');
}

function render({ requests, concurrency, failures, firstFailure, ...report }: LoadReport): string {
  const { p50, p90, p99 } = report.latencyMs;
  return [
    `${requests} requests, ${concurrency} at a time: ${report.requestsPerSecond.toFixed(1)} requests/s`,
    `latency p50 ${p50.toFixed(1)} ms, p90 ${p90.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    `${failures} failed${firstFailure === null ? '' : `, the first: ${firstFailure}`}`,
    '',
  ].join('\n');
}
