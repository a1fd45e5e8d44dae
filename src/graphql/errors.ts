import { ConflictError, InvalidTransitionError, NotFoundError, ValidationError, type AppError, type FieldProblem } from '../kernel/errors.ts';
import { ProvisioningFailedError } from '../domains/onboarding/index.ts';
import { toGlobalId } from '../kernel/ids.ts';
import { builder } from './builder.ts';

const ErrorCodeEnum = builder.enumType('ErrorCode', {
  description: 'The codes of failures that a mutation answers as data. Branch on these, never on a message.',
  values: {
    VALIDATION_FAILED: { description: 'The input is not acceptable; `fields` says what is wrong with it.' },
    CONFLICT: { description: 'It collides with what exists.' },
    FORBIDDEN: { description: 'You may not do it to this one of several things. What you may not do at all is an error of the request.' },
    NOT_FOUND: { description: 'It does not exist, or not in this organization.' },
    INVALID_TRANSITION: { description: 'The state it is in does not allow this.' },
    PROVISIONING_FAILED: { description: 'The organization is there, and the engine is not ready for it.' },
    APPEND_CONDITION_FAILED: { description: 'An event that the condition rules out was appended meanwhile; `position` says where.' },
  } as const,
});

type ExpectedCode = 'VALIDATION_FAILED' | 'CONFLICT' | 'FORBIDDEN' | 'NOT_FOUND' | 'INVALID_TRANSITION' | 'PROVISIONING_FAILED' | 'APPEND_CONDITION_FAILED';

/** Every failure that a mutation answers as data. */
export const ErrorInterface = builder.interfaceRef<Pick<AppError, 'code' | 'message'>>('Error').implement({
  description: 'A failure that can be expected. Every member of a result union that is not the success implements it.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What is wrong and what would help, for people.' }),
    code: t.field({ type: ErrorCodeEnum, description: 'What is wrong, for programs.', resolve: (error) => error.code as ExpectedCode }),
  }),
});

const FieldErrorType = builder.objectRef<FieldProblem>('FieldError').implement({
  description: 'One field of an input and what is wrong with it.',
  tenant: 'global',
  access: 'public',
  fields: (t) => ({
    path: t.stringList({ description: 'The way to the field from the input, for example ["definition", "do"].', resolve: (field) => [...field.path] }),
    message: t.exposeString('message', { description: 'What is wrong with it.' }),
  }),
});

builder.objectType(ValidationError, {
  name: 'ValidationError',
  description: 'The input is not acceptable. Nothing was changed.',
  tenant: 'global',
  access: 'public',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fields: t.field({ type: [FieldErrorType], description: 'Each field that is wrong.', resolve: (error) => error.fields }),
  }),
});

builder.objectType(ConflictError, {
  name: 'ConflictError',
  description: 'What is asked for collides with what exists. Nothing was changed.',
  tenant: 'global',
  access: 'public',
  interfaces: [ErrorInterface],
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: "The thing does not exist, or belongs to another organization: the two are answered alike.",
  tenant: 'global',
  access: 'public',
  interfaces: [ErrorInterface],
});

builder.objectType(InvalidTransitionError, {
  name: 'InvalidTransitionError',
  description: 'The state the thing is in does not allow this move. Nothing was changed.',
  tenant: 'global',
  access: 'public',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    from: t.exposeString('from', { description: 'The state it is in.' }),
    to: t.exposeString('to', { description: 'The state that was asked for.' }),
  }),
});

builder.objectType(ProvisioningFailedError, {
  name: 'ProvisioningFailedError',
  description: 'The organization was made, and the engine could not be set up for it: nobody gets in until retryProvisioning has succeeded.',
  tenant: 'platform',
  access: 'platform:admin',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    organizationId: t.id({ description: 'Which one: give it to retryProvisioning.', resolve: ({ organizationId }) => toGlobalId('Organization', organizationId) }),
  }),
});

/** The failures of a mutation on things that exist already. */
export const CHANGE_ERRORS = [ValidationError, ConflictError, NotFoundError];
/** The failures of a mutation that makes something. */
export const CREATE_ERRORS = [ValidationError, ConflictError];
/** The failures of a mutation that moves something from one state to another. */
export const TRANSITION_ERRORS = [ValidationError, ConflictError, NotFoundError, InvalidTransitionError];
