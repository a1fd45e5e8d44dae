import { expect, test } from 'vitest';
import { createPlaces } from './places.ts';

const limits = { perCaller: 10, perOrganization: 10, perProcess: 2 };

test('so many WebSockets wait to say whose they are, of one address and of all, and those that have are counted apart', () => {
  const places = createPlaces(limits, { perAddress: 2, perProcess: 3 });
  const codeFor = (address: string) => places.refusalOf(address)?.code;
  const first = places.take('192.0.2.1');
  places.take('192.0.2.1');
  expect([codeFor('192.0.2.1'), codeFor('192.0.2.2')]).toEqual(['RATE_LIMITED', undefined]);
  places.take('192.0.2.2');
  expect(codeFor('192.0.2.3')).toBe('SERVICE_UNAVAILABLE');
  first.enter('key:1', 'org');
  expect([codeFor('192.0.2.1'), codeFor('192.0.2.3')]).toEqual([undefined, undefined]);
});

test('a place is given back once, and one that may not be entered is still one that waits', () => {
  const places = createPlaces(limits, { perAddress: 1, perProcess: 10 });
  const enter = (address: string) => {
    const place = places.take(address);
    place.enter('key:1', null);
    return place;
  };
  const late = places.take('192.0.2.3');
  const [first] = [enter('192.0.2.1'), enter('192.0.2.2')];
  expect(() => late.enter('key:2', null)).toThrow('cannot answer right now');
  expect(places.refusalOf('192.0.2.3')?.code).toBe('RATE_LIMITED');
  first.leave();
  first.leave();
  expect(places.refusalOf('192.0.2.1')).toBeNull();
  late.enter('key:2', null);
  expect(places.refusalOf('192.0.2.1')?.code).toBe('SERVICE_UNAVAILABLE');
  late.leave();
  expect(places.refusalOf('192.0.2.3')).toBeNull();
});
