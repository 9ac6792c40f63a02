import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { recordingServer } from '../support/recording-server.ts';

const { laurel } = workplace();

test('a run goes to Weights & Biases too where the environment has its key', async () => {
  const project = { name: 'sums', entity: { name: 'me' } };
  const { url, requests } = await recordingServer(({ path, body }) => {
    if (path !== '/graphql') return { status: 200 };
    const { name } = (body as { variables: { name: string } }).variables;
    return { status: 200, body: { data: { upsertBucket: { bucket: { name, project } } } } };
  });
  const env = { WANDB_API_KEY: 'secret', WANDB_BASE_URL: url, WANDB_PROJECT: 'sums' };
  const { code, stderr } = await laurel(['sft', '--config', 'sft.yaml'], { env });
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain('warning');
  const { variables } = requests[0]!.body as { variables: { project: string; config: string } };
  expect(variables.project).toBe('sums');
  expect(JSON.parse(variables.config).learning_rate).toEqual({ value: 0.01 });
  const chunks = requests.slice(1).map(({ body }) => body as never) as {
    files: { 'wandb-history.jsonl': { content: string[] } };
    exitcode?: number;
  }[];
  const rows = chunks.flatMap(({ files }) => files['wandb-history.jsonl'].content);
  expect(rows.map((row) => JSON.parse(row)._step)).toEqual([1, 2, 3, 4]);
  expect(chunks.at(-1)!.exitcode).toBe(0);
});
