import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Metrics and state that tell of the clock, the process or its memory. */
const isTiming = (key: string): boolean =>
  /(^|_)time|per_second|runtime|live_tensors|resident/.test(key);

/** Written about the attempts of a run, which are what differs. */
const isOfAttempts = (name: string): boolean =>
  /^(run\.json|events\.jsonl|wandb\.json|config\.attempt-\d+\.yaml)$/.test(name);

/** JSON without timings, at any depth. */
const timeless = (text: string): string =>
  JSON.stringify(JSON.parse(text), (key, value: unknown) => (isTiming(key) ? undefined : value));

function contentOf(file: string): string {
  const bytes = readFileSync(file);
  if (file.endsWith('metrics.jsonl'))
    return bytes.toString().split('\n').filter(Boolean).map(timeless).join('\n');
  if (file.endsWith('trainer_state.json')) return timeless(bytes.toString());
  // Each attempt's own folder and starting point.
  if (file.endsWith('config.yaml'))
    return bytes.toString().replace(/^(output_dir|resume_from_checkpoint):.*$/gm, '');
  // Lists the sizes and digests of the files beside it, which are compared themselves.
  if (file.endsWith('manifest.json')) return Object.keys(filesOf(file)).join();
  return createHash('sha256').update(bytes).digest('hex');
}

const filesOf = (manifest: string): object =>
  (JSON.parse(readFileSync(manifest, 'utf8')) as { files: object }).files;

function listFiles(folder: string, root = folder): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path, root) : [relative(root, path)];
  });
}

/** What of a run's files is the same in another one. */
export interface RunComparison {
  readonly filesCompared: number;
  /** Files that only one has, or whose bytes differ; timings are left out. */
  readonly differing: readonly string[];
}

/** Compares two run folders file by file: weights, moments, generators, metrics, completions, token records. */
export function compareRuns(left: string, right: string): RunComparison {
  const [ours, theirs] = [left, right].map((run) => listFiles(run).filter((f) => !isOfAttempts(f)));
  const names = [...new Set([...ours!, ...theirs!])].sort();
  const isBoth = (name: string) => ours!.includes(name) && theirs!.includes(name);
  const differing = names.filter(
    (name) => !isBoth(name) || contentOf(join(left, name)) !== contentOf(join(right, name)),
  );
  return { filesCompared: names.length, differing };
}
