/** Something that one waits for and others ring. A ring while nobody waits is kept for the next who does. */
export interface Bell {
  ring(): void;
  /** Forgets a ring that was kept. */
  quiet(): void;
  /** Until it rings, the time is over, or the signal is aborted. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let onRing = (): void => undefined;
  return {
    ring() {
      rung = true;
      onRing();
    },
    quiet() {
      rung = false;
    },
    wait: (timeoutMs, signal) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          onRing = () => undefined;
          resolve();
        };
        const timer = setTimeout(end, timeoutMs);
        signal.addEventListener('abort', end);
        onRing = end;
        if (rung || signal.aborted) end();
      }),
  };
}
