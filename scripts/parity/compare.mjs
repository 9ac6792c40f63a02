// What differs between a recorded file and a rebuilt one: numbers beyond a tolerance, anything else at all.
import { readFileSync } from 'node:fs';

/** Allowed: absolute + relative · |recorded|. float32 tensors hold the rounding of whole models. */
const tolerances = {
  exact: { absolute: 1e-6, relative: 1e-5 },
  float32: { absolute: 1e-5, relative: 1e-4 },
};

const isClose = (recorded, rebuilt, { absolute, relative }) =>
  Object.is(recorded, rebuilt) ||
  Math.abs(rebuilt - recorded) <= absolute + relative * Math.abs(recorded);

const shown = (value) => {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

const isObject = (value) => typeof value === 'object' && value !== null;

/** Walks two JSON values side by side; versions may differ. */
function compareValues(recorded, rebuilt, place, found) {
  if (
    isObject(recorded) &&
    isObject(rebuilt) &&
    Array.isArray(recorded) === Array.isArray(rebuilt)
  ) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(rebuilt)])) {
      if (key === 'versions') continue;
      const next = Array.isArray(recorded) ? `${place}[${key}]` : `${place}.${key}`;
      compareValues(recorded[key], rebuilt[key], next, found);
    }
    return;
  }
  found.values++;
  const same =
    typeof recorded === 'number' && typeof rebuilt === 'number'
      ? isClose(recorded, rebuilt, tolerances.exact)
      : recorded === rebuilt;
  if (!same) {
    const where = place.replace(/^\./, '') || 'the whole';
    found.changes.push(`${where} was ${shown(recorded)}, is ${shown(rebuilt)}`);
  }
}

function compareJson(recorded, rebuilt) {
  const found = { values: 0, changes: [] };
  compareValues(JSON.parse(recorded), JSON.parse(rebuilt), '', found);
  return found;
}

const arrays = { F64: Float64Array, F32: Float32Array };

/** Tensors of a safetensors file: by name, dtype, shape and numbers (floats) or bytes. */
function readTensors(bytes) {
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + headerLength).toString());
  delete header.__metadata__;
  const tensors = Object.entries(header).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      const data = Uint8Array.from(bytes.subarray(8 + headerLength + from, 8 + headerLength + to));
      const numbers = arrays[dtype] && new arrays[dtype](data.buffer);
      return [name, { kind: `${dtype} [${shape.join(', ')}]`, dtype, data, numbers }];
    },
  );
  return new Map(tensors);
}

function compareTensor(name, recorded, rebuilt, found) {
  if (recorded?.kind !== rebuilt?.kind) {
    found.changes.push(
      `${name} was ${recorded?.kind ?? 'missing'}, is ${rebuilt?.kind ?? 'missing'}`,
    );
    return;
  }
  found.values += recorded.numbers?.length ?? recorded.data.length;
  if (recorded.numbers === undefined) {
    if (Buffer.compare(recorded.data, rebuilt.data) !== 0) found.changes.push(`${name} changed`);
    return;
  }
  const tolerance = recorded.dtype === 'F32' ? tolerances.float32 : tolerances.exact;
  const changed = [...recorded.numbers.keys()].filter(
    (i) => !isClose(recorded.numbers[i], rebuilt.numbers[i], tolerance),
  );
  if (changed.length === 0) return;
  const [first] = changed;
  const [was, is] = [recorded.numbers[first], rebuilt.numbers[first]];
  found.changes.push(
    `${name}: ${changed.length} of ${recorded.numbers.length} numbers; at ${first} was ${was}, is ${is}`,
  );
}

function compareTensors(recorded, rebuilt) {
  const found = { values: 0, changes: [] };
  const [before, after] = [readTensors(recorded), readTensors(rebuilt)];
  for (const name of new Set([...before.keys(), ...after.keys()]))
    compareTensor(name, before.get(name), after.get(name), found);
  return found;
}

/** How many values two files hold, and which changed, in words. */
export function compareFiles(recordedFile, rebuiltFile) {
  const [recorded, rebuilt] = [readFileSync(recordedFile), readFileSync(rebuiltFile)];
  if (Buffer.compare(recorded, rebuilt) !== 0) {
    if (recordedFile.endsWith('.json')) return compareJson(recorded, rebuilt);
    if (recordedFile.endsWith('.safetensors')) return compareTensors(recorded, rebuilt);
    return {
      values: 1,
      changes: [`bytes changed (${recorded.length} before, ${rebuilt.length} now)`],
    };
  }
  if (recordedFile.endsWith('.json')) return { ...compareJson(recorded, rebuilt), changes: [] };
  if (recordedFile.endsWith('.safetensors')) return compareTensors(recorded, rebuilt);
  return { values: 1, changes: [] };
}
