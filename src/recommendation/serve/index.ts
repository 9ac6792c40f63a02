export { MicroBatcher, type MicroBatcherOptions } from './micro-batcher.ts';
export { type RecommendationAppOptions, recommendationApp } from './recommendation-app.ts';
export { type RunningServer, type StartServerOptions, startServer } from './start-server.ts';
