import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { metricLines } from '../support/run-files.ts';

const { laurel, path } = workplace();
const python = process.env['LAUREL_PYTHON'];

/** Prints the dtype of a folder's config and of its parameters, and the loss of some tokens. */
const load = `import json, sys, torch, transformers
model, info = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], output_loading_info=True)
tokens = torch.arange(1, 9)[None]
with torch.no_grad():
    loss = model(input_ids=tokens, labels=tokens).loss.item()
dtypes = sorted({str(parameter.dtype) for parameter in model.parameters()})
print(json.dumps([dtypes, sorted(info["missing_keys"]), sorted(info["unexpected_keys"]), loss]))`;

test('bf16 and packing train from the command line, and the saved folder is bfloat16', async () => {
  const packing = ['--packing', 'true', '--max_length', '24', '--per_device_train_batch_size', '1'];
  const command = (run: string, ...flags: string[]) => [
    ...['sft', '--config', 'sft.yaml', '--bf16', 'true', '--output_dir', run],
    ...packing,
    ...flags,
  ];
  const dry = await laurel(command('dry', '--dry_run'));
  expect(dry.code, dry.stderr).toBe(0);
  // Prompt, sum and end: nine rows of 6 bytes, one of 7, two of 8, together 77, which four rows of 24 hold.
  expect(dry.stdout).toMatch(/packed rows +4\n/);
  expect(dry.stdout).toMatch(/packed rows per step +1\n/);
  const trained = await laurel(command('straight'));
  expect(trained.code, trained.stderr).toBe(0);
  const config = JSON.parse(
    readFileSync(path('straight', 'checkpoints', 'checkpoint-4', 'config.json'), 'utf8'),
  );
  expect(config.torch_dtype ?? config.dtype).toBe('bfloat16');
});

test('grpo trains in bfloat16 with shared rows and logs the ratio between sampler and trainer', async () => {
  const flags = ['--dtype', 'bfloat16', '--padding_free', 'true', '--output_dir', 'grpo'];
  const rewards = ['--reward_funcs', './letters.mjs#letters'];
  const trained = await laurel(['grpo', '--config', 'grpo.yaml', ...rewards, ...flags]);
  expect(trained.code, trained.stderr).toBe(0);
  for (const line of metricLines(path('grpo')).filter((each) => 'reward' in each))
    expect(Math.abs((line['sampling/importance_sampling_ratio/mean'] as number) - 1)).toBeLessThan(
      0.05,
    );
});

test.skipIf(python === undefined)(
  'transformers loads what bfloat16 training saves, in bfloat16 (set LAUREL_PYTHON to a python with transformers)',
  { timeout: 300_000 },
  () => {
    const checkpoint = path('straight', 'checkpoints', 'checkpoint-4');
    const printed = execFileSync(python!, ['-c', load, checkpoint], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [dtypes, missing, unexpected, loss] = JSON.parse(printed.toString());
    expect({ dtypes, missing, unexpected }).toEqual({
      dtypes: ['torch.bfloat16'],
      missing: [],
      unexpected: [],
    });
    expect(loss).toBeGreaterThan(0);
  },
);
