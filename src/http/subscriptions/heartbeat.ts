/** What can be asked whether it is there. */
interface Peer {
  ping(): void;
  terminate(): void;
}

/** Asks all of them again and again whether they are there, and cuts off those who were silent from one time to the next. */
export interface Heartbeat<Asked extends Peer> {
  add(peer: Asked): void;
  /** It has answered. */
  heard(peer: Asked): void;
  remove(peer: Asked): void;
}

/** One timer for all, which runs while there is anybody. @param everyMs how often they are asked, in milliseconds. */
export function createHeartbeat<Asked extends Peer>(everyMs: number): Heartbeat<Asked> {
  const peers = new Set<Asked>();
  const silent = new Set<Asked>();
  let timer: NodeJS.Timeout | undefined;

  const beat = (): void => {
    for (const peer of peers) {
      if (silent.has(peer)) peer.terminate();
      else {
        silent.add(peer);
        peer.ping();
      }
    }
  };
  return {
    add(peer) {
      if (peers.size === 0) timer = setInterval(beat, everyMs);
      peers.add(peer);
    },
    heard: (peer) => void silent.delete(peer),
    remove(peer) {
      peers.delete(peer);
      silent.delete(peer);
      if (peers.size === 0) clearInterval(timer);
    },
  };
}
