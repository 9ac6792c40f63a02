import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { metricLines } from '../support/run-files.ts';

const { laurel, path } = workplace();

const sft = ['sft', '--config', 'sft.yaml'];

async function succeed(...args: string[]): Promise<string> {
  const ended = await laurel(args);
  expect(ended.code, ended.stderr).toBe(0);
  return ended.stdout;
}

async function refuse(...args: string[]): Promise<string> {
  const ended = await laurel(args);
  expect([ended.code, ended.stdout], ended.stderr).toEqual([2, '']);
  return ended.stderr;
}

beforeAll(async () => {
  await succeed(...sft, '--run_name', 'first', '--max_steps', '3');
  const weights = ['--model', 'null', '--tokenizer', 'null', '--model_name_or_path', 'runs/first'];
  await succeed(...sft, ...weights, '--run_name', 'second', '--learning_rate', '0.02');
  // Nobody is told to stop: the process is gone while it is between two lines.
  const killed = await laurel([...sft, '--run_name', 'third', '--max_steps', '10000'], {
    onStderr: (text, child) => text.includes('step 5/') && child.kill('SIGKILL'),
  });
  expect(killed.signal).toBe('SIGKILL');
});

test('list: how each run stands; a killed one was interrupted', async () => {
  const lines = (await succeed('runs')).split('\n');
  expect(lines[0]).toMatch(/^run +trainer +status +step +last metrics$/);
  expect(lines[1]).toMatch(/^third +sft +interrupted \(killed\) +\d+\/10000 +loss /);
  expect(lines[2]).toMatch(/^second +sft +finished +4\/4 /);
  expect(lines[3]).toMatch(/^first +sft +finished +3\/3 /);
  expect(await succeed('runs', 'list', '--state', 'interrupted')).not.toContain('first');
  expect(await succeed('runs', '--trainer', 'grpo')).toBe('No run in runs is such.\n');
  expect(await succeed('runs', 'list', '--root', 'nowhere')).toBe('nowhere holds no runs.\n');
  expect(existsSync(path('nowhere'))).toBe(false);
});

test('list: names a folder that cannot be read, and lists the others', async () => {
  mkdirSync(path('runs', 'broken'));
  writeFileSync(path('runs', 'broken', 'run.json'), '{}');
  const { code, stdout, stderr } = await laurel(['runs']);
  rmSync(path('runs', 'broken'), { recursive: true });
  expect(code).toBe(0);
  expect(stdout).toContain('first');
  expect(stderr).toContain('warning: left out: runs/broken/run.json: is not a readable run record');
});

test('show: one run, with the run whose weights it started from and its recipe', async () => {
  const shown = await succeed('runs', 'show', 'second');
  expect(shown).toMatch(/^run +runs\/second$/m);
  expect(shown).toMatch(/^parent +first$/m);
  expect(shown).toMatch(/^recipe +sft\.yaml$/m);
  expect(shown).toMatch(/^checkpoints +2, 4$/m);
  expect(shown).toMatch(/^attempt 1 +.*from step 0, finished/m);
  expect(await succeed('runs', 'show', 'third')).toMatch(/^attempt 1 .*killed/m);
  expect(await refuse('runs', 'show', 'frist')).toContain('did you mean first?');
});

test('compare: metrics and the options that differ', async () => {
  const compared = await succeed('runs', 'compare', 'first', 'second', '--keys', 'loss');
  expect(compared).toMatch(/^ +first +second$/m);
  expect(compared).toMatch(/^loss +\d\.\d{3} \(.* to .*\) +\d\.\d{3} \(/m);
  expect(compared).toMatch(/^learning_rate +0\.01 +0\.02$/m);
  expect(compared).not.toMatch(/^(seed|output_dir|run_name) /m);
  const keys = ['--keys', 'los'];
  expect(await refuse('runs', 'compare', 'first', 'second', ...keys)).toContain('mean loss?');
});

test('tag, note, rename: are kept in the run’s folder', async () => {
  expect(await succeed('runs', 'tag', 'first', 'baseline', 'small')).toBe(
    'first: baseline, small\n',
  );
  expect(await succeed('runs', 'tag', 'first', 'small', '--remove')).toBe('first: baseline\n');
  expect(await refuse('runs', 'tag', 'first', 'a,b')).toContain('no comma');
  expect(await succeed('runs', 'note', 'first', 'as before')).toBe('first: as before\n');
  await succeed('runs', 'note', 'first', 'and again', '--append');
  expect(await succeed('runs', 'rename', 'first', 'the first')).toBe(
    'runs/first is called the first\n',
  );
  expect(JSON.parse(readFileSync(path('runs/first/annotations.json'), 'utf8'))).toEqual({
    name: 'the first',
    notes: 'as before\nand again',
    tags: ['baseline'],
  });
  expect(await succeed('runs', '--tag', 'baseline')).toMatch(/^the first +sft .* baseline +loss/m);
});

test('export: CSV, JSON and TensorBoard', async () => {
  const logged = metricLines(path('runs/second'));
  const csv = await succeed('runs', 'export', 'second', '--keys', 'loss');
  const rows = logged.map(({ step, time, loss }) => `${step},${time},${loss}\n`);
  expect(csv).toBe(`step,time,loss\n${rows.join('')}`);
  const json = JSON.parse(await succeed('runs', 'export', 'second', '--format', 'json'));
  expect(json).toMatchObject({ name: 'second', state: 'finished', parent: 'first' });
  expect(
    json.lines.map(({ metrics, ...line }: { metrics: object }) => ({ ...line, ...metrics })),
  ).toEqual(logged);
  const board = ['--format', 'tensorboard'];
  expect(await refuse('runs', 'export', 'second', ...board)).toContain('name one with --output');
  const files = await succeed('runs', 'export', 'first', 'second', ...board, '--output', 'board');
  expect(files).toMatch(
    /^board\/first\/events\.out\.tfevents\..*\nboard\/second\/events\.out\.tfevents\./,
  );
  // How it is written is compared with TensorBoard's own writer elsewhere.
  expect(readFileSync(path(files.split('\n')[0]!)).includes('brain.Event:2')).toBe(true);
  await succeed('runs', 'export', 'first', 'second', '--output', 'tables');
  expect(readFileSync(path('tables/second.csv'), 'utf8')).toMatch(/^step,time,.*loss/);
});

test('repair: rebuilds a damaged database, with what people wrote; reading goes on without it', async () => {
  const before = await succeed('runs');
  for (const suffix of ['-wal', '-shm']) rmSync(path(`runs/laurel.db${suffix}`), { force: true });
  writeFileSync(path('runs/laurel.db'), 'no database');
  const meanwhile = await laurel(['runs']);
  expect(meanwhile.stdout).toBe(before);
  expect(meanwhile.stderr).toMatch(
    /^warning: .*is damaged.*laurel runs repair.*reading the run folders/,
  );
  expect(await succeed('runs', 'repair')).toMatch(
    /The database was damaged; it is kept as runs\/laurel\.db\.damaged-.*\nruns: 3 runs entered\.\n/,
  );
  const after = await laurel(['runs']);
  expect([after.stdout, after.stderr]).toEqual([before, '']);
});

test('delete: asks, or needs --yes; refuses a run that is being written', async () => {
  expect(await refuse('runs', 'delete', 'third')).toContain('confirm with --yes');
  let refusal: Promise<string> | undefined;
  const running = [...sft, '--run_name', 'fourth', '--max_steps', '10000'];
  await laurel(running, {
    onStderr: (text, child) => {
      if (refusal !== undefined || !text.includes('step 2/')) return;
      refusal = refuse('runs', 'delete', 'third', 'fourth', '--yes');
      void refusal.finally(() => child.kill('SIGKILL'));
    },
  });
  expect(await refusal).toContain('fourth is running; stop it first, nothing was deleted');
  expect(existsSync(path('runs/third'))).toBe(true);
  expect(await succeed('runs', 'delete', 'third', 'fourth', '--yes')).toBe(
    'Deleted runs/third, runs/fourth\n',
  );
  expect(existsSync(path('runs/third'))).toBe(false);
  expect(await succeed('runs')).not.toMatch(/third|fourth/);
});

test('every verb has help, and a wrong one is named', async () => {
  const help = await succeed('runs', '--help');
  for (const verb of ['list', 'show', 'compare', 'tag', 'note', 'rename', 'delete', 'export']) {
    expect(help).toContain(`laurel runs ${verb}`);
    expect(await succeed('runs', verb, '--help')).toMatch(
      new RegExp(`^Usage: laurel runs ${verb}[^]*--root TEXT`, 'm'),
    );
  }
  expect(await refuse('runs', 'lst')).toContain('Did you mean list?');
  expect(await refuse('runs', 'show')).toContain('expected laurel runs show RUN, found 0 words');
  expect(await refuse('runs', 'show', 'a', '--rot', 'b')).toContain('did you mean --root?');
});
