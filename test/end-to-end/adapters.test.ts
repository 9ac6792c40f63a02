import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/tensor/index.ts';
import { workplace } from '../support/laurel-command.ts';
import { metricLines } from '../support/run-files.ts';

const { laurel, path } = workplace();

const options = ['--use_peft', 'true', '--lora_target_modules', 'all-linear', '--lora_r', '4'];

test('adapters on a run’s weights: trained by sft, then grpo, sampled, merged, the base untouched', async () => {
  const ran = async (...args: string[]) => {
    const ended = await laurel(args);
    expect(ended.code, ended.stderr).toBe(0);
    return ended.stdout;
  };
  await ran('sft', '--config', 'sft.yaml', '--output_dir', 'base');

  const from = (model: string) => ['--model', 'null', '--model_name_or_path', model];
  const first = ['--output_dir', 'first', '--max_steps', '20', '--logging_steps', '10'];
  await ran('sft', '--config', 'sft.yaml', ...from('base'), ...options, ...first);
  const losses = metricLines(path('first')).flatMap(({ loss }) => loss ?? []);
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  const saved = path('first', 'checkpoints', 'checkpoint-20');
  expect(existsSync(`${saved}/adapter_config.json`)).toBe(true);
  expect(existsSync(`${saved}/model.safetensors`)).toBe(false);
  const { names } = readSafetensors(`${saved}/optimizer.safetensors`);
  expect(names.every((name) => /lora_[AB]\.weight$/.test(name))).toBe(true);

  const second = ['--output_dir', 'second', '--beta', '0.1', '--gradient_checkpointing', 'true'];
  await ran('grpo', '--config', 'grpo.yaml', ...from('first'), ...second);
  expect(existsSync(path('second', 'checkpoints', 'checkpoint-4', 'reference'))).toBe(true);

  await ran('merge', '--model_name_or_path', 'second', '--output_dir', 'merged');
  expect(existsSync(path('merged', 'config.json'))).toBe(true);
  const ask = (model: string) =>
    ran(
      'sample',
      '--model_name_or_path',
      model,
      '--prompt',
      '3+1=',
      '--max_completion_length',
      '4',
    );
  expect(await ask('merged')).toBe(await ask('second'));
});

test('merging a whole model, into a folder that is in use, or adapters on adapters is refused', async () => {
  const whole = ['merge', '--model_name_or_path', 'base', '--output_dir', 'again'];
  const nothing = await laurel(whole);
  expect(nothing).toMatchObject({ code: 2 });
  expect(nothing.stderr).toContain('there is nothing to merge');
  const onto = await laurel(['merge', '--model_name_or_path', 'first', '--output_dir', 'merged']);
  expect(onto).toMatchObject({ code: 2 });
  expect(onto.stderr).toContain('not empty');
  const from = ['--model', 'null', '--model_name_or_path', 'first'];
  const twice = await laurel(['sft', '--config', 'sft.yaml', ...from, ...options]);
  expect(twice).toMatchObject({ code: 2 });
  expect(twice.stderr).toContain('has adapters already');
});
