import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english, translations } from '@zxcvbn-ts/language-en';

// Run as a thread of its own: see strength.ts.

const zxcvbn = new ZxcvbnFactory({ dictionary: { ...common, ...english }, graphs: adjacencyGraphs, translations });

parentPort!.on('message', ({ text, words }: { text: string; words: string[] }) => {
  const { score, feedback } = zxcvbn.check(text, words);
  parentPort!.postMessage({ score, advice: feedback.warning ?? feedback.suggestions[0] ?? null });
});
