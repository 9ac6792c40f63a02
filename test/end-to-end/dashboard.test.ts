import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ActionResponse, RunPage, RunRow, RunsResponse } from '../../src/server/api.ts';
import { ask, bearer, getJson, jsonHeaders } from '../support/dashboard.ts';
import { workplace } from '../support/laurel-command.ts';
import { listen } from '../support/live-client.ts';
import { checkpointSteps, metricLines } from '../support/run-files.ts';

const bin = fileURLToPath(new URL('../../bin/laurel.mjs', import.meta.url));
const place = workplace();
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

function start(...words: readonly string[]): { child: ChildProcess; said: () => string } {
  const env = { ...process.env, OMP_NUM_THREADS: '1', XDG_STATE_HOME: place.path('state') };
  const child = spawn(process.execPath, [bin, ...words], { cwd: place.folder, env });
  started.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => {
      said += text.toString();
    });
  return { child, said: () => said };
}

/** Starts `laurel dashboard` and reads the address that it prints. */
async function startServer() {
  const { child, said } = start('dashboard', '--port', '0');
  const address = () => /^http:\S+$/m.exec(said())?.[0];
  await expect.poll(address, { timeout: 30_000 }).toBeDefined();
  const { origin, searchParams } = new URL(address()!);
  const token = searchParams.get('token')!;
  return {
    child,
    said,
    url: address()!,
    origin,
    token,
    listenerCount: () => 0,
    close: async () => {},
  };
}
type Server = Awaited<ReturnType<typeof startServer>>;

const runOf = async (server: Server, name: string): Promise<RunRow | undefined> =>
  (await getJson<RunsResponse>(server, '/api/runs')).runs.find((run) => run.name === name);

async function post(server: Server, path: string): Promise<ActionResponse> {
  const headers = { ...bearer(server), ...jsonHeaders };
  const { status, text } = await ask(server, path, { method: 'POST', headers, body: '{}' });
  expect([status, text]).toEqual([200, text]);
  return JSON.parse(text) as ActionResponse;
}

const tooLong = { max_steps: 1_000_000, save_steps: 1_000_000, logging_steps: 5 };

describe('laurel dashboard', () => {
  it('outlives and is outlived by trainers; stops and resumes them', {
    timeout: 180_000,
  }, async () => {
    const options = readFileSync(place.path('sft.yaml'), 'utf8');
    place.write(
      'long.yaml',
      options.replace(/(max|save|logging)_steps: \d+\n/g, '') + stringify(tooLong),
    );
    const trainers = ['first', 'second'].map((name) =>
      start('sft', '--config', 'long.yaml', '--run_name', name),
    );
    const server = await startServer();
    const client = listen(server);
    const step = async (at: Server, name: string) => (await runOf(at, name))?.step ?? 0;
    for (const name of ['first', 'second'])
      await expect.poll(() => step(server, name), { timeout: 60_000 }).toBeGreaterThan(0);
    await client.next('points');

    // The server goes without a word; trainers do not notice, and another server shows what came meanwhile.
    const reached = await step(server, 'first');
    server.child.kill('SIGKILL');
    await once(server.child, 'exit');
    await expect.poll(client.isOpen).toBe(false);
    await expect
      .poll(() => metricLines(place.path('runs', 'first')).at(-1)!.step, { timeout: 30_000 })
      .toBeGreaterThan(reached);
    const next = await startServer();
    const again = listen(next, client.lastId());
    expect((await again.next('hello')).resumed).toBe(true);
    await again.next('points', ({ lines }) => lines.some((line) => line.step > reached));
    for (const { child, said } of trainers) {
      expect(child.exitCode).toBeNull();
      expect(said()).not.toMatch(/warning|database/);
    }

    // Stopped from the page, both save a checkpoint.
    const ids = await Promise.all(
      ['first', 'second'].map(async (name) => (await runOf(next, name))!.id),
    );
    const exits = trainers.map(({ child }) => once(child, 'exit'));
    for (const id of ids) await post(next, `/api/runs/${id}/stop`);
    expect((await Promise.all(exits)).map(([code]) => code)).toEqual([130, 130]);
    const [saved] = checkpointSteps(place.path('runs', 'first')).slice(-1);
    await expect
      .poll(async () => (await runOf(next, 'first'))!, { timeout: 10_000 })
      .toMatchObject({ state: 'interrupted', step: saved });

    // Resumed, it goes on from there in a process of its own.
    const { pid } = await post(next, `/api/runs/${ids[0]}/resume`);
    await expect.poll(() => step(next, 'first'), { timeout: 60_000 }).toBeGreaterThan(saved!);
    const page = await getJson<RunPage>(next, `/api/runs/${ids[0]}`);
    expect(page.attempts).toMatchObject([{ fromStep: 0 }, { fromStep: saved, pid, outcome: null }]);
    expect(page.stop.available).toBe(true);
    const option = (key: string) => page.config.find((each) => each.key === key);
    expect(option('dataset_name')).toMatchObject({ value: 'data', differs: true });
    expect(option('model.hidden_size')).toMatchObject({ value: 32, differs: true });
    expect(option('adam_beta1')).toMatchObject({ value: 0.9, differs: false });
    next.child.kill('SIGINT');
    expect(await once(next.child, 'exit')).toEqual([0, null]);
    // The resumed run goes on without the server too.
    expect(() => process.kill(pid, 0)).not.toThrow();
    process.kill(pid, 'SIGINT');
    const later = await startServer();
    await expect
      .poll(async () => (await runOf(later, 'first'))!.state, { timeout: 30_000 })
      .toBe('interrupted');
    expect(checkpointSteps(place.path('runs', 'first')).at(-1)).toBeGreaterThan(saved!);
  });
});
