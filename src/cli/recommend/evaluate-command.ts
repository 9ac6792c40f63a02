import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type ConfigOf, resolveConfig } from '../../config/index.ts';
import { ConfigError, StorageError } from '../../errors.ts';
import { assertSameItems } from '../../recommendation/answer-desk.ts';
import {
  type Evaluation,
  evaluateRecommender,
  generativeRecommender,
  type LoadedRecommender,
  loadRecommendationData,
  loadRecommender,
  type NextItem,
  popularityRecommender,
  type RecommendationData,
  type Recommender,
  withHistoryItems,
} from '../../recommendation/index.ts';
import { type Command, configFlag, helpFlag, textFlag } from '../command.ts';
import { abortOnInterrupt } from '../interruption.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { evaluateConfig } from './evaluate-config.ts';
import { progressLine } from './progress-line.ts';
import { renderEvaluations } from './render-evaluations.ts';

type EvaluateConfig = ConfigOf<typeof evaluateConfig>;

const usage = 'laurel recommend evaluate MODEL … --data FOLDER [--split test] [--option value …]';

/** `laurel recommend evaluate` */
export const evaluateCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, evaluateConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(evaluateConfig, { commandFlags, usage }));
      return 0;
    }
    const yamlFile = textFlag(flags.command, 'config');
    const config = resolveConfig(evaluateConfig, { yamlFile, flags: flags.options });
    const { signal, release } = abortOnInterrupt('leaving out the rest of the evaluation');
    try {
      report(await evaluateAll(flags.positionals, config, signal), config);
    } finally {
      release();
    }
    return 0;
  },
};

/** Every n-th question, so that those of all users are there. */
function someOf(questions: readonly NextItem[], most: number | null): readonly NextItem[] {
  if (most === null || most >= questions.length) return questions;
  return Array.from(
    { length: most },
    (_, place) => questions[Math.floor((place * questions.length) / most)]!,
  );
}

/** Folders by their last name, the whole path where two are alike; popularity stays popularity's. */
function nameOf(folder: string, folders: readonly string[]): string {
  const names = folders.map((each) => basename(resolve(each)));
  const own = basename(resolve(folder));
  const isTaken = own === 'popularity' || names.filter((name) => name === own).length > 1;
  return isTaken ? folder : own;
}

const recommenderOf = (
  { policy, language, recommender }: LoadedRecommender,
  { width, batchSize }: EvaluateConfig,
): Recommender =>
  policy !== undefined && language !== undefined
    ? generativeRecommender(policy, language, { batchSize, ...(width !== null && { width }) })
    : recommender;

const countTaken = (questions: readonly NextItem[]): number =>
  questions.filter(({ history, target }) => history.includes(target)).length;

interface Measured {
  readonly evaluations: readonly Evaluation[];
  /** Questions whose answer is in their history. */
  readonly takenTargets: number;
}

async function evaluateAll(
  folders: readonly string[],
  config: EvaluateConfig,
  signal: AbortSignal,
): Promise<Measured> {
  const data: RecommendationData = await loadRecommendationData(config.data);
  const questions = someOf(data[config.split], config.maxQuestions);
  if (questions.length === 0)
    throw new ConfigError(`split: ${config.data} has no ${config.split} questions`);
  const evaluations: Evaluation[] = [];
  const measure = async (recommender: Recommender, language: LoadedRecommender['language']) => {
    const { ks, batchSize } = config;
    const onProgress = progressLine(recommender.name);
    const options = { ks, data, language, batchSize, signal, onProgress };
    const asked = withHistoryItems(recommender, config.historyItems);
    evaluations.push(await evaluateRecommender(asked, questions, options));
  };
  await measure(popularityRecommender(data), undefined);
  for (const folder of folders) {
    const loaded = loadRecommender(folder);
    assertSameItems(loaded, data);
    if (config.split === 'valid' && loaded.catalogue.isValidLearned)
      process.stderr.write(
        `${folder} has learned the questions of validation: what it reaches there says nothing of others; measure it with --split test.\n`,
      );
    const recommender = recommenderOf(loaded, config);
    await measure({ ...recommender, name: nameOf(folder, folders) }, loaded.language);
  }
  return { evaluations, takenTargets: countTaken(questions) };
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw StorageError.from(file, cause);
  }
}

function report({ evaluations, takenTargets }: Measured, config: EvaluateConfig): void {
  const { historyItems, markdown, json } = config;
  const text = renderEvaluations(evaluations, { historyItems, takenTargets });
  process.stdout.write(text);
  if (markdown !== null) write(markdown, text);
  if (json !== null)
    write(json, `${JSON.stringify(evaluations.map((each) => ({ historyItems, ...each })))}\n`);
}
