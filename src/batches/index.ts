export { microBatches } from './micro-batches.ts';
export { packBatch, type TrainBatch } from './pack-batch.ts';
export { countTotals, type TrainSequence } from './train-sequence.ts';
