/** The ranges of an Accept header that an answer of JSON fits into. */
export const JSON_RANGES: ReadonlySet<string> = new Set([
  '*/*',
  'application/*',
  'application/graphql-response+json',
  'application/json',
]);

/** Those that a stream of events fits into. */
export const STREAM_RANGES: ReadonlySet<string> = new Set(['*/*', 'text/*', 'text/event-stream']);

/** Whether a caller takes an answer that fits into one of the ranges. Who does not say takes anything. */
export function accepts(accept: string | null, ranges: ReadonlySet<string>): boolean {
  return (accept || '*/*').split(',').some((part) => {
    const [range = '', ...parameters] = part.toLowerCase().replaceAll(' ', '').split(';');
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter) || /^charset=(?!utf-8$)/.test(parameter));
    return ranges.has(range) && !refused;
  });
}
