/** One message of PostgreSQL's protocol from the client: its type, and all of its bytes. */
export interface Frame {
  /** One letter; empty for the first message of a connection, which has none. */
  readonly type: string;
  readonly bytes: Buffer;
}

const LENGTH_BYTES = 4;

/** Cuts what a client sends into its messages, wherever the network has cut it. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const typeBytes = started ? 1 : 0;
      if (rest.length < typeBytes + LENGTH_BYTES) return frames;
      const end = typeBytes + rest.readInt32BE(typeBytes);
      if (rest.length < end) return frames;
      frames.push({ type: rest.toString('latin1', 0, typeBytes), bytes: rest.subarray(0, end) });
      rest = rest.subarray(end);
      started = true;
    }
  };
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(1 + LENGTH_BYTES);
  head.write(type, 'latin1');
  head.writeInt32BE(LENGTH_BYTES + body.length, 1);
  return Buffer.concat([head, body]);
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const zeros = (count: number): Buffer => Buffer.alloc(count);

/** A statement without parameters, to stand where the Execute of another one stood: parsed, bound and executed. */
export function statementFrames(sql: string): Buffer {
  const parse = message('P', Buffer.concat([text(''), text(sql), zeros(2)]));
  const bind = message('B', Buffer.concat([text(''), text(''), zeros(6)]));
  const execute = message('E', Buffer.concat([text(''), zeros(4)]));
  return Buffer.concat([parse, bind, execute]);
}
