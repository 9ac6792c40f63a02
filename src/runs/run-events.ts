/** What happened to a run, besides its metrics: `events.jsonl`, one event a line. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../checkpoints/durable-files.ts';

const kinds = ['warning', 'alarm', 'checkpoint', 'evaluation', 'start', 'end', 'monitor'] as const;

/** An event as its run's folder keeps it. */
export interface EventRecord {
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly kind: (typeof kinds)[number];
  /** What kind of alarm, say; empty where the kind says it all. */
  readonly name: string;
  readonly message: string;
}

const schema = z.object({
  step: z.number(),
  time: z.number(),
  kind: z.enum(kinds),
  name: z.string(),
  message: z.string(),
});

const fileOf = (folder: string): string => join(folder, 'events.jsonl');

/** Adds an event to a run's folder. */
export function appendEvent(folder: string, event: EventRecord): void {
  const { step, time, kind, name, message } = event;
  appendFileSync(fileOf(folder), `${JSON.stringify({ step, time, kind, name, message })}\n`);
}

/** A run's events, in order; lines that a crash damaged, or that a newer version wrote, are left out. */
export function readEvents(folder: string): EventRecord[] {
  if (!existsSync(fileOf(folder))) return [];
  return readFileSync(fileOf(folder), 'utf8').split('\n').flatMap(parseLine);
}

/** Removes the events past a step, so that a resumed run may tell of them again; starts and ends stay. */
export function cutEventsAfter(folder: string, step: number): void {
  if (!existsSync(fileOf(folder))) return;
  const kept = readEvents(folder).filter(
    (event) => event.step <= step || event.kind === 'start' || event.kind === 'end',
  );
  replaceFile(fileOf(folder), kept.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

function parseLine(line: string): EventRecord[] {
  try {
    const { success, data } = schema.safeParse(JSON.parse(line));
    return success ? [data] : [];
  } catch {
    return []; // Half a line of a process that was killed, or the empty end of the file.
  }
}
