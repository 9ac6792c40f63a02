export { type CommandFlag, type ParsedFlags, parseFlags } from './parse-flags.ts';
export { renderHelp, renderOptionsTable } from './render-options.ts';
export { renderTrainerPage } from './render-trainer-page.ts';
