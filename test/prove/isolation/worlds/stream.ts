import type { TestApp } from '../../../harness/app.ts';

/** For so long nothing must have come, and nothing have been read, for a stream to have given all that there is. */
const QUIET_MS = 400;
const HEARTBEAT = ':\n\n';

/** What a stream has given until it was quiet, or ended by itself. */
export interface Streamed {
  readonly response: Response;
  readonly text: string;
}

/**
 * Follows a subscription until nothing more comes of it.
 *
 * @param stir done when all that there was has come: what is still to come of it is waited for too.
 */
export async function follow({ app }: TestApp, request: Request, stir?: () => Promise<void>): Promise<Streamed> {
  let active = performance.now();
  const touch = (): void => void (active = performance.now());
  const stopObserving = app.pool.observe(touch);
  const response = await app.api.fetch(request);
  const reader = response.body!.getReader();
  const chunks: string[] = [];
  let over = false;
  const reading = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const chunk = Buffer.from(value).toString();
      if (chunk !== HEARTBEAT) touch();
      chunks.push(chunk);
    }
    over = true;
  })();
  const quiet = async (): Promise<void> => {
    touch();
    while (!over && performance.now() - active < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  try {
    await quiet();
    if (stir && !over) {
      await stir();
      await quiet();
    }
  } finally {
    stopObserving();
    await reader.cancel();
    await reading.catch(() => undefined);
  }
  return { response, text: chunks.join('').replaceAll(HEARTBEAT, '') };
}

/** The results in the text of a stream, as one answer: with the data of the first of them and all errors. */
export function resultsIn(text: string): { data: Record<string, unknown> | null; errors?: { extensions?: { code?: string } }[] } {
  const results = [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, json]) => JSON.parse(json!) as { data?: Record<string, unknown> | null; errors?: [] });
  const errors = results.flatMap((result) => result.errors ?? []);
  const data = results.find((result) => result.data)?.data ?? null;
  return { data, ...(errors.length > 0 && { errors }) };
}
