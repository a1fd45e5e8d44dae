import { type DocumentNode, GraphQLError, parse, type ParseOptions } from 'graphql';
import { createGraphQLError, type Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';

/** A parsed document takes about 70 times the memory of its text, so the texts are what is counted. */
const CACHED_CHARACTERS_MAX = 500_000;
const CACHED_DOCUMENT_CHARACTERS_MAX = 20_000;

/**
 * Where parsed documents are kept, by their text. Bounded by size and not by number, because the library's own cache
 * would keep a thousand of the largest documents that anybody sends.
 */
export function createDocumentCaches() {
  const cache = <Value extends object>() =>
    new LRUCache<string, Value>({
      maxSize: CACHED_CHARACTERS_MAX,
      maxEntrySize: CACHED_DOCUMENT_CHARACTERS_MAX,
      sizeCalculation: (_value, text) => text.length + 1,
    });
  return { documentCache: cache<DocumentNode>(), errorCache: cache<Error>() };
}

/** The refusal of what asks for too much, whichever limit it meets. */
export const tooComplex = (message: string) =>
  createGraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400, spec: true } } });

/** What is said instead of the parser's own words, when it is the size of the document that it stumbles over. */
function refusalOf(error: unknown, tokensMax: number): unknown {
  if (error instanceof RangeError) return tooComplex('The document is nested too deeply.');
  if (!(error instanceof GraphQLError) || !error.message.includes(`more than ${tokensMax} tokens`)) return error;
  return tooComplex(`The document has more than ${tokensMax.toLocaleString('en-US')} tokens: ask for less at a time.`);
}

/** Stops reading a document at its last allowed token: checking one takes up to the square of its length. */
export function useTokenLimit(tokensMax: number): Plugin {
  const parseLimited = (source: Parameters<typeof parse>[0], options?: ParseOptions) => {
    try {
      return parse(source, { ...options, maxTokens: tokensMax });
    } catch (error) {
      throw refusalOf(error, tokensMax);
    }
  };
  return {
    onParse({ setParseFn }) {
      setParseFn(parseLimited);
    },
  };
}
