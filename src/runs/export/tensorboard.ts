/**
 * TensorBoard's event files: TFRecords of `Event` messages (tensorflow/core/util/event.proto, framework/summary.proto), of
 * which only what a scalar needs is written. Values are float32, as the format has it.
 */
import type { MetricsLine } from '../store/stored-run.ts';
import { maskedCrc32c } from './crc32c.ts';

/** Wire types of protocol buffers. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** An event file of a run's lines; values that are missing are left out. */
export function tensorboardEvents(lines: readonly MetricsLine[]): Buffer {
  const start = lines[0]?.time ?? 0;
  const version = event(start, 0, field(3, BYTES, text('brain.Event:2')));
  const events = lines.map(({ step, time, metrics }) =>
    event(time, step, field(5, BYTES, withLength(summary(metrics)))),
  );
  return Buffer.concat([version, ...events].map(record));
}

const event = (time: number, step: number, content: Buffer): Buffer =>
  Buffer.concat([
    field(1, FIXED_64, double(time)),
    // A zero is not written, as protocol buffers have it.
    ...(step === 0 ? [] : [field(2, VARINT, varint(step))]),
    content,
  ]);

const summary = (metrics: MetricsLine['metrics']): Buffer =>
  Buffer.concat(
    Object.entries(metrics).flatMap(([key, value]) =>
      value === null ? [] : [field(1, BYTES, withLength(scalar(key, value)))],
    ),
  );

const scalar = (key: string, value: number): Buffer =>
  Buffer.concat([field(1, BYTES, text(key)), field(2, FIXED_32, float(value))]);

/** Length, its sum, the data, its sum. */
function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(maskedCrc32c(bytes));
  return sum;
}

const field = (number: number, wireType: number, content: Buffer): Buffer =>
  Buffer.concat([varint(number * 8 + wireType), content]);

const withLength = (bytes: Buffer): Buffer => Buffer.concat([varint(bytes.length), bytes]);

const text = (value: string): Buffer => withLength(Buffer.from(value));

/** Seven bits a byte, the lowest first; the top bit says that more follow. Division, since a step may pass 2³¹. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
