export { metricsCsv } from './csv.ts';
export { tensorboardEvents } from './tensorboard.ts';
