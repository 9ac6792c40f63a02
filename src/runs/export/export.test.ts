import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MetricsLine } from '../index.ts';
import { crc32c, maskedCrc32c } from './crc32c.ts';
import { metricsCsv, tensorboardEvents } from './index.ts';

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/tensorboard/events.json', import.meta.url), 'utf8'),
) as { lines: MetricsLine[]; bytes: string };

describe('crc32c', () => {
  it.each([
    // RFC 3720, appendix B.4.
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    // The check value of the catalogue of CRC algorithms (CRC-32/ISCSI).
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(), 0],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
  it('is masked by rotation and a constant', () => {
    // 0xe3069283 rotated right by 15 is 0x2507c60d; + 0xa282ead8 = 0xc78ab0e5.
    expect(maskedCrc32c(Buffer.from('123456789')).toString(16)).toBe('c78ab0e5');
  });
});

describe('tensorboardEvents', () => {
  it('are byte for byte what tensorboard’s own writer makes', () => {
    expect(tensorboardEvents(golden.lines).toString('base64')).toBe(golden.bytes);
  });
  it('leave out values that are missing', () => {
    const line = { step: 1, time: 2, metrics: { loss: 1 } };
    const missing = { ...line, metrics: { loss: 1, reward: null } };
    expect(tensorboardEvents([missing])).toEqual(tensorboardEvents([line]));
  });
});

describe('metricsCsv', () => {
  it('has a row for each step and a column for each metric, quoted where it must be', () => {
    const lines: MetricsLine[] = [
      { step: 1, time: 10.5, metrics: { loss: 0.1 + 0.2, 'custom/a,b': null } },
      { step: 2, time: 11, metrics: { 'custom/a,b': -1 } },
    ];
    expect(metricsCsv(lines, ['loss', 'custom/a,b'])).toBe(
      'step,time,loss,"custom/a,b"\n1,10.5,0.30000000000000004,\n2,11,,-1\n',
    );
  });
});
