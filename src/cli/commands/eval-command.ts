import { writeFileSync } from 'node:fs';
import { type ConfigOf, resolveConfig } from '../../config/index.ts';
import type { PromptExample } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { resolveSampling } from '../../policy/index.ts';
import { makePrompt } from '../../rollouts/index.ts';
import {
  assertPromptsFit,
  assertRewardColumns,
  evaluateRewards,
  type ScoredGroups,
} from '../../trainers/index.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { describeCompletions } from '../describe-completions.ts';
import { describeNumbers } from '../dry-run.ts';
import { abortOnInterrupt } from '../interruption.ts';
import { type CommandFlag, parseFlags, renderHelp } from '../options/index.ts';
import { resolvePolicy } from '../resolve/resolve-policy.ts';
import { loadRows, promptRows } from '../resolve/resolve-rows.ts';
import { resolveRewards } from '../train-grpo.ts';
import { assertWritable } from '../writable-file.ts';
import { evalConfig } from './sampling-config.ts';

const outputFlag: CommandFlag = {
  name: 'output',
  kind: 'text',
  placeholder: 'FILE',
  description: 'Write metrics and completions there, as JSON.',
};

/** Completions shown below the metrics. */
const SHOWN = 4;

/** `laurel eval` */
export const evalCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, outputFlag, helpFlag];
    const flags = parseFlags(argv, evalConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(evalConfig, { commandFlags }));
      return 0;
    }
    refuseWords(evalConfig.name, flags.positionals);
    const config = resolveConfig(evalConfig, {
      yamlFile: textFlag(flags.command, 'config'),
      flags: flags.options,
    });
    if (config.modelNameOrPath === null)
      throw new ConfigError(
        'model_name_or_path: required: a model folder, a run folder, or a Hub name',
      );
    const output = textFlag(flags.command, 'output');
    if (output !== undefined) assertWritable('--output', output);
    const { metrics, scored } = await evaluate(config);
    process.stdout.write(
      describeNumbers(
        Object.entries(metrics).map(([key, value]) => [key, Number(value).toPrecision(4)]),
      ),
    );
    for (const { name, firstError } of scored.scores.failures) {
      if (firstError !== undefined)
        console.error(`warning: reward ${name} failed; the first time: ${firstError}`);
    }
    process.stdout.write(`\n${describeCompletions(scored.groups, scored.scores.totals, SHOWN)}\n`);
    if (output !== undefined)
      writeFileSync(
        output,
        `${JSON.stringify({ metrics, completions: completionsOf(scored) }, null, 2)}\n`,
      );
    return 0;
  },
};

async function evaluate(config: ConfigOf<typeof evalConfig>) {
  const policy = await resolvePolicy(config, { trainable: false });
  const reward = await resolveRewards(config);
  const dataset = await loadRows(config, config.datasetTestSplit, config.maxEvalSamples);
  const kwargs =
    config.chatTemplateKwargs === null ? {} : { chatTemplateKwargs: config.chatTemplateKwargs };
  const promptOf = (row: PromptExample) => makePrompt(row, policy.tokenizer, kwargs);
  const check = (row: PromptExample) =>
    assertPromptsFit(policy, [promptOf(row)], config.maxCompletionLength);
  const { rows, badRows } = promptRows(dataset, config, config.skipBadRows ? check : undefined);
  if (badRows > 0) console.error(`${badRows} rows were skipped because they could not be used.`);
  const prompts = rows.map(promptOf);
  assertPromptsFit(policy, prompts, config.maxCompletionLength);
  assertRewardColumns(reward, prompts);
  const { signal, release } = abortOnInterrupt('nothing is saved');
  let scored: ScoredGroups | undefined;
  try {
    const metrics = await evaluateRewards(policy, prompts, {
      sampling: resolveSampling(config),
      groupSize: config.numGenerations,
      batchRows: config.perDeviceEvalBatchSize,
      reward,
      options: config,
      capabilities: {},
      signal,
      onScored: (found) => {
        scored = found;
      },
    });
    return { metrics, scored: scored! };
  } finally {
    release();
  }
}

const completionsOf = ({ groups, scores }: ScoredGroups) =>
  groups.map(({ prompt, rollouts }, p) => ({
    example: prompt.example.index,
    prompt: prompt.text,
    completions: rollouts.map(({ text, finishReason }, g) => ({
      text,
      finish_reason: finishReason,
      reward: scores.totals[p]![g],
    })),
  }));
