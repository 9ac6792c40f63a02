// `npm run bench -- --beam-search`: constrained beam search over a catalogue, by turns with PyTorch, and the trie's size.
import { rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { machine, resultFile, revision } from '../results.ts';
import { Side, scrubbedEnvironment, type Task } from '../side.ts';
import { median } from '../table.ts';
import { makeFolder } from './make-folder.ts';

const WIDTH = 20;
const BATCHES = [1, 16, 64];
const ROUNDS = Number(process.env['LAUREL_BENCH_ROUNDS'] ?? 7);
const threads = (process.env['LAUREL_BENCH_THREADS'] ?? '1:2').split(':').map(Number);
const pythons = (process.env['LAUREL_BENCH_PYTHON'] ?? 'python3').split(':').filter(Boolean);

interface Found {
  readonly wall: number;
  readonly processor: number;
  readonly paths?: readonly (readonly number[][])[];
}

const fileAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const { folder, parameters } = makeFolder();

function start(label: string, program: string, args: readonly string[]): Side {
  const environment = scrubbedEnvironment();
  const side = label.startsWith('Laurel') ? 'laurel' : 'pytorch';
  return new Side({ label, side, program, args, environment, isDefault: true });
}

const ask = <Answer = Found>(side: Side, task: object): Promise<Answer> =>
  side.ask<Answer>(task as Task);

/** Share of users whose lists are the same, and of those whose best items are. */
function agreement(a: Found, b: Found): { lists: number; best: number } {
  const users = a.paths!.length;
  const share = (same: (user: number) => boolean) =>
    a.paths!.filter((_, user) => same(user)).length / users;
  const text = (found: Found, user: number) => JSON.stringify(found.paths![user]);
  return {
    lists: share((user) => text(a, user) === text(b, user)),
    best: share((user) => String(a.paths![user]![0]) === String(b.paths![user]![0])),
  };
}

/** Rounds by turns. @returns what each round took on each side, seconds. */
async function byTurns(sides: readonly Side[], name: readonly string[], users: number) {
  const walls: number[][] = sides.map(() => []);
  for (let round = 0; round < ROUNDS + 1; round++)
    for (const [index, side] of sides.entries()) {
      const { wall } = await ask(side, { name: name[index], users, width: WIDTH });
      // The first warms allocators and caches.
      if (round > 0) walls[index]!.push(wall);
    }
  return walls;
}

const rows: object[] = [];
const laurelArgs = (count: number) => [
  ...['--import', 'jiti/register', fileAt('laurel-side.ts'), String(count), folder],
];
let trie: object | undefined;
for (const count of threads) {
  const laurel = start(`Laurel on ${count} threads`, process.execPath, laurelArgs(count));
  await laurel.describe();
  trie ??= await ask(laurel, { name: 'trie' });
  for (const python of pythons) {
    const args = [fileAt('pytorch_side.py'), String(count), folder];
    const torch = start(`PyTorch on ${count} threads`, python, args);
    const { torch: version } = await torch.describe();
    const [ours, theirs] = await Promise.all(
      [laurel, torch].map((side) =>
        ask(side, { name: 'beam', users: 64, width: WIDTH, tells: true }),
      ),
    );
    const same = agreement(ours!, theirs!);
    const kinds = process.argv.includes('--generate') ? ['beam', 'generate'] : ['beam'];
    for (const kind of kinds)
      for (const users of BATCHES) {
        const [a, b] = await byTurns([laurel, torch], ['beam', kind], users);
        const ratio = median(a!.map((wall, round) => b![round]! / wall));
        const row = {
          beside: kind === 'beam' ? `PyTorch ${version}, a loop` : 'transformers, generate',
          threads: count,
          batch: users,
          laurelUsersPerSecond: users / median(a!),
          theirUsersPerSecond: users / median(b!),
          ratio,
          sameLists: same.lists,
          sameBest: same.best,
          rounds: ROUNDS,
          loadAverage: loadavg()[0],
        };
        rows.push(row);
        console.log(JSON.stringify(row));
      }
    torch.stop();
  }
  laurel.stop();
}
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ trie }));
const record = { machine, revision: revision(), what: parameters, width: WIDTH, trie, rows };
writeFileSync(resultFile('beam-search', 'json'), `${JSON.stringify(record, null, 2)}\n`);
