/**
 * The marker of a tenant: a word that stands in every row that it has, so that whatever comes back says whose it is.
 * Ids, slugs and counts carry none, as in real life: they look alike everywhere.
 */
export const markerOf = (number: number): string => `zq${String(number).padStart(4, '0')}qz`;

const anyMarker = /zq\d{4}qz/g;

/** All markers in a text, as often as they stand there. */
export const markersIn = (text: string): string[] => text.match(anyMarker) ?? [];
