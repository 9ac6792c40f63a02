// Resident memory and live tensors over 500 training steps. Run with `npm run bench -- --memory`.
import { laurelSettings } from './settings.ts';
import { Side } from './side.ts';

const STEPS = 500;
const STEPS_PER_READING = 50;
// The first steps leave memory behind that allocators give back later.
const WARM_UP = 50;
const TOLERANCE = 0.05;

interface Reading {
  resident: number;
  tensors: number;
}

const [setting] = laurelSettings();
const side = new Side(setting!);
await side.describe();
await side.ask({ name: 'update', repeats: WARM_UP });
const readings = [await side.ask<Reading>({ name: 'memory' })];
for (let done = 0; done < STEPS; done += STEPS_PER_READING) {
  await side.ask({ name: 'update', repeats: STEPS_PER_READING });
  const reading = await side.ask<Reading>({ name: 'memory' });
  readings.push(reading);
  const { resident, tensors } = reading;
  console.log(
    `${done + STEPS_PER_READING} steps: ${(resident / 1e6).toFixed(1)} MB, ${tensors} tensors`,
  );
}
side.stop();

const first = readings[0]!;
const drift = Math.max(...readings.map(({ resident }) => Math.abs(resident / first.resident - 1)));
const constant = readings.every(({ tensors }) => tensors === first.tensors);
console.log(
  `resident memory within ${(drift * 100).toFixed(1)}% of its start, live tensors ${constant ? 'constant' : 'not constant'}`,
);
if (drift > TOLERANCE || !constant) process.exitCode = 1;
