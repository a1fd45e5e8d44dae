export { beginningOf, type ChainCheck, type ChainStart, createChainCheck, type Finding } from './check.ts';
export { beginLine, checkFile, endLine, type FileReport } from './file.ts';
export { createKeyRing, type KeyRing, type PublicKey } from './keys.ts';
export { eventLine, FIRST_HASH, signedLine } from './lines.ts';
export { readHash, readHead, readLastArchive, readLastCheckpoint } from './log.ts';
export { openKeyRing } from './open-keys.ts';
export { BrokenChainError, type Signing, signLog } from './sign.ts';
export { type Archive, type Checkpoint, type Signed, signStatement, verifyStatement } from './statements.ts';
export { type ChainItem, walkChain } from './walk.ts';
