// One pass of the head and the loss, forward and backward, and the most memory it took above weights, moments, input
// and the head's gradient. Run by memory-head.ts.
import { withChunkedLogprobs } from '../dist/losses/index.js';
import {
  Generator,
  randint,
  randn,
  setThreadCount,
  trimMemory,
  zeros,
} from '../dist/tensor/index.js';
import { peakMemory, resetPeak } from './memory-process.ts';

/** What is measured. */
export interface HeadTask {
  readonly vocabulary: number;
  readonly width: number;
  readonly tokens: number;
  /** The head is also the embedding, whose rows are the input: its gradient already holds a micro-batch's. */
  readonly tied: boolean;
  /** Entropy and whether each token was the most likely. */
  readonly statistics: boolean;
  readonly chunkTokens?: number;
  readonly blockTokens?: number;
}

/** What was found. */
export interface HeadResult {
  /** Bytes above weights, moments, input and the head's gradient. */
  readonly peak: number;
  readonly seconds: number;
  readonly loss: number;
}

const { vocabulary, width, tokens, tied, statistics, threads, ...sizes } = JSON.parse(
  process.argv[2]!,
) as HeadTask & { threads: number };
setThreadCount(threads);
const generator = new Generator(1);
const head = randn([vocabulary, width], generator).mul_(0.02).requireGrad();
const moments = [zeros(head.shape), zeros(head.shape)].map((moment) => moment.mul_(1));
const targets = randint(vocabulary, [tokens], generator);
const hidden = tied ? head.detach().indexSelect(0, targets) : randn([tokens, width], generator);
hidden.requireGrad();
const options = {
  ...sizes,
  ...(statistics && ({ entropy: 'detached', compareArgmax: true } as const)),
};

const pass = (count: number) =>
  withChunkedLogprobs(
    hidden.detach().narrow(0, 0, count).requireGrad(),
    head,
    targets.narrow(0, 0, count),
    options,
    ({ logprobs }) => ({ loss: logprobs.mean().neg() }),
  ).loss.item();

// The first products make BLAS allocate its buffers, which stay; they are part of the process.
pass(4);
if (!tied) head.grad = null;
const gradientBytes = tied ? 0 : vocabulary * width * 4;
trimMemory();
const before = resetPeak();
const started = performance.now();
const loss = pass(tokens);
const seconds = (performance.now() - started) / 1000;
const peak = peakMemory() - before - gradientBytes;
console.log(JSON.stringify({ peak, seconds, loss, moments: moments.length }));
