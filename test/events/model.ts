import type { EventQuery, NewEvent, QueryItem } from '../../src/domains/events/index.ts';

/** What matches, said once more and without a database: what the store does is held against it. */
export const matches = (query: EventQuery, { type, tags = [] }: Pick<NewEvent, 'type' | 'tags'>): boolean =>
  query.some(
    (item) =>
      ((item.types ?? []).length === 0 || item.types!.includes(type)) && (item.tags ?? []).every((tag) => tags.includes(tag)),
  );

/** Numbers that are the same in every run with the same seed. */
export const createRandom = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

// Few words, so that conditions are often about what others append.
const TYPES = ['SEAT.TAKEN', 'SEAT.LEFT', 'ROOM.CLOSED'];
const SEATS = ['seat:1', 'seat:2', 'seat:3'];
const ROOMS = ['room:1', 'room:2'];

type Random = ReturnType<typeof createRandom>;
const one = (words: readonly string[], random: Random): string => words[random(words.length)]!;

const randomItem = (random: Random): QueryItem => {
  const items: QueryItem[] = [
    { types: [one(TYPES, random)] },
    { types: [one(TYPES, random), one(TYPES, random)], tags: [one(SEATS, random)] },
    { tags: [one(SEATS, random), one(ROOMS, random)] },
    { types: [one(TYPES, random)], tags: [one(ROOMS, random), one(SEATS, random)] },
    { tags: [one(SEATS, random)] },
  ];
  return items[random(items.length)]!;
};

export const randomQuery = (random: Random): EventQuery => Array.from({ length: 1 + random(2) }, () => randomItem(random));

export const randomEvents = (random: Random): NewEvent[] =>
  Array.from({ length: 1 + random(2) }, () => ({
    type: one(TYPES, random),
    tags: [one(SEATS, random), ...(random(2) === 0 ? [one(ROOMS, random)] : [])],
  }));
