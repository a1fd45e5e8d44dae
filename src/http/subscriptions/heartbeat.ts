import { randomUUID } from 'node:crypto';

/** What can be asked whether it is there. */
interface Peer {
  /** @param question what the answer has to repeat. */
  ping(question: string): void;
  terminate(): void;
}

/** Asks all of them again and again whether they are there, and cuts off those who were silent from one time to the next. */
export interface Heartbeat<Asked extends Peer> {
  add(peer: Asked): void;
  /** It has said something: it is there when that repeats the last question, which only who reads can know. */
  heard(peer: Asked, answer: string): void;
  remove(peer: Asked): void;
}

/** One timer for all, which runs while there is anybody. @param everyMs how often they are asked, in milliseconds. */
export function createHeartbeat<Asked extends Peer>(everyMs: number): Heartbeat<Asked> {
  const peers = new Set<Asked>();
  /** What was asked and has no answer yet. */
  const questions = new Map<Asked, string>();
  let timer: NodeJS.Timeout | undefined;

  const beat = (): void => {
    for (const peer of peers) {
      if (questions.has(peer)) peer.terminate();
      else {
        const question = randomUUID();
        questions.set(peer, question);
        peer.ping(question);
      }
    }
  };
  return {
    add(peer) {
      if (peers.size === 0) timer = setInterval(beat, everyMs);
      peers.add(peer);
    },
    heard(peer, answer) {
      if (questions.get(peer) === answer) questions.delete(peer);
    },
    remove(peer) {
      peers.delete(peer);
      questions.delete(peer);
      if (peers.size === 0) clearInterval(timer);
    },
  };
}
