export { createSecondFactorKeys, type SecondFactorKeys } from './keys.ts';
export { type Proof, recoveryCode, totpCode } from './proof.ts';
export { createSecondFactorProver, type Proved, type SecondFactorProver } from './prove.ts';
export { sealContext } from './seal-context.ts';
export {
  type ConfirmInput,
  createSecondFactorService,
  type Enrolment,
  type SecondFactorService,
  type SecondFactorState,
} from './second-factor.service.ts';
