/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How to join an organization. */
export type AcceptInvitationInput = {
  /** Also set the tokens as HttpOnly cookies, for browsers, when a session is opened. False when not given. */
  readonly cookie?: boolean | null | undefined;
  /** The name to go by in the organization, at most 200 characters. The one of the invitation when not given. */
  readonly name?: string | null | undefined;
  /** The password to sign in with from now on, 8 to 128 characters: for whoever has no account yet. Without an account it is required; whoever is signed in needs none. */
  readonly password?: string | null | undefined;
  /** What was sent by mail. It begins with "ti_". */
  readonly token: string;
};

/** Which API keys. Everything given must hold. */
export type ApiKeyFilter = {
  /** By when it was made. */
  readonly createdAt?: DateTimeFilter | null | undefined;
  /** Only those taken back, or only those not. */
  readonly revoked?: boolean | null | undefined;
};

/** How API keys are sorted. */
export type ApiKeyOrder = {
  /** Which end first. */
  readonly direction: OrderDirection;
  /** By what. */
  readonly field: ApiKeyOrderField;
};

/** What API keys are sorted by. */
export type ApiKeyOrderField =
  /** When it was made. */
  | 'CREATED_AT';

/** Whether an API key opens the door. */
export type ApiKeyStatus =
  /** It does. */
  | 'ACTIVE'
  /** Its time has run out. */
  | 'EXPIRED'
  /** It was taken back. */
  | 'REVOKED';

/** What an API key is for. */
export type ApiKeyType =
  /** A product of somebody else. */
  | 'INTEGRATION'
  /** A person's own scripts. */
  | 'PERSONAL'
  /** A server of the organization. */
  | 'SERVICE';

/** The second step of a sign-in. */
export type CompleteSignInInput = {
  /** What signIn has answered. It begins with "tc_". */
  readonly challengeToken: string;
  /** Also set the tokens as HttpOnly cookies, for browsers. False when not given. */
  readonly cookie?: boolean | null | undefined;
  /** A code or a recovery code. */
  readonly proof: SecondFactorProofInput;
};

/** A new API key. */
export type CreateApiKeyInput = {
  /** Networks that it may be used from, such as "192.0.2.0/24" or "2001:db8::/32", at most 50; from anywhere when not given. A key made by a bound key is bound likewise. */
  readonly allowedNetworks?: ReadonlyArray<string> | null | undefined;
  /** Origins of web pages that may use it, such as "https://app.example.com", at most 50. A call without an Origin header is then refused. */
  readonly allowedOrigins?: ReadonlyArray<string> | null | undefined;
  /** What it is for, at most 2,000 characters. */
  readonly description?: string | null | undefined;
  /** When its time runs out; never when not given. A key made by a key ends with it at the latest. */
  readonly expiresAt?: string | null | undefined;
  /** A text of your own, at most 255 characters: a repetition within 24 hours makes no second key and shows no secret. */
  readonly idempotencyKey?: string | null | undefined;
  /** The member it acts for: oneself when not given. Others need apiKey:write. */
  readonly memberId?: string | null | undefined;
  /** How many root fields it may ask for within a month of UTC: 1 to 2,147,483,647, without an end when not given. */
  readonly monthlyLimit?: number | null | undefined;
  /** What it is called: 1 to 255 characters, once among the live keys of its owner. */
  readonly name: string;
  /** How many root fields it may ask for within an hour: 1 to 10,000, 3,600 when not given; of a key made by a key at most what that one may. */
  readonly rateLimitPerHour?: number | null | undefined;
  /** Whether you must have a second factor for it to open the door: possible only on a key for yourself, and not by a key. */
  readonly requireSecondFactor?: boolean | null | undefined;
  /** What it may do: permissions such as "workflow:read", "workflow:*", or "*" for all that its owner may. At least one, none that you lack. A wildcard of a key for somebody else, or made by a key, stands for what it means today. */
  readonly scopes: ReadonlyArray<string>;
  /** What kind of caller it is for. PERSONAL when not given. */
  readonly type?: ApiKeyType | null | undefined;
};

/** A new schedule of a workflow, which may have 100. */
export type CreateScheduleInput = {
  /** When, as five fields of cron (minute, hour, day of month, month, day of week), for example "0 9 * * 1-5". */
  readonly cron: string;
  /** Whether it is in force. True when not given. */
  readonly enabled?: boolean | null | undefined;
  /** A text of your own, at most 255 characters: a repetition within 24 hours answers with the same schedule and makes no second one. */
  readonly idempotencyKey?: string | null | undefined;
  /** What the workflow is given: a JSON object. */
  readonly input?: unknown;
  /** What it is called: 1 to 255 characters. */
  readonly name: string;
  /** The time zone the cron expression is read in, as the IANA database names it. UTC when not given. */
  readonly timezone?: string | null | undefined;
  /** The workflow to run. */
  readonly workflowId: string;
};

/** A new workflow. */
export type CreateWorkflowInput = {
  /** What it does: a Serverless Workflow 1.0 document as JSON (`document` and `do`), at most 64 kB, 200 tasks and 30 levels deep. */
  readonly definition: unknown;
  /** What it is for, at most 2,000 characters. */
  readonly description?: string | null | undefined;
  /** A text of your own, at most 255 characters: a repetition within 24 hours answers with the same workflow and makes no second one. */
  readonly idempotencyKey?: string | null | undefined;
  /** What it is called: 1 to 255 characters. */
  readonly name: string;
  /** Its short name, once in an organization: lower-case letters, digits and hyphens, at most 100. Made from the name when not given. */
  readonly slug?: string | null | undefined;
};

/** A span of time. All bounds given must hold. */
export type DateTimeFilter = {
  /** Later than this moment. */
  readonly gt?: string | null | undefined;
  /** At this moment or later. */
  readonly gte?: string | null | undefined;
  /** Earlier than this moment. */
  readonly lt?: string | null | undefined;
  /** At this moment or earlier. */
  readonly lte?: string | null | undefined;
};

/** Which workflow to delete. */
export type DeleteWorkflowInput = {
  /** The workflow. */
  readonly id: string;
};

/** The codes of failures that a mutation answers as data. Branch on these, never on a message. */
export type ErrorCode =
  /** An event that the condition rules out was appended meanwhile; `position` says where. */
  | 'APPEND_CONDITION_FAILED'
  /** It collides with what exists. */
  | 'CONFLICT'
  /** You may not do it to this one of several things. What you may not do at all is an error of the request. */
  | 'FORBIDDEN'
  /** The state it is in does not allow this. */
  | 'INVALID_TRANSITION'
  /** It does not exist, or not in this organization. */
  | 'NOT_FOUND'
  /** The organization is there, and the engine is not ready for it. */
  | 'PROVISIONING_FAILED'
  /** The input is not acceptable; `fields` says what is wrong with it. */
  | 'VALIDATION_FAILED';

/** Which members. Everything given must hold. Without `status`, members who left are not listed. */
export type MemberFilter = {
  /** By when the membership was made. */
  readonly createdAt?: DateTimeFilter | null | undefined;
  /** Exactly this address, whatever the case. */
  readonly email?: string | null | undefined;
  /** By role. */
  readonly role?: OrganizationRoleFilter | null | undefined;
  /** By status. */
  readonly status?: MembershipStatusFilter | null | undefined;
};

/** How members are sorted. */
export type MemberOrder = {
  /** Which end first. */
  readonly direction: OrderDirection;
  /** By what. */
  readonly field: MemberOrderField;
};

/** What members are sorted by. */
export type MemberOrderField =
  /** When the membership was made. */
  | 'CREATED_AT';

/** Whether a member can come in. */
export type MembershipStatus =
  /** Can come in. */
  | 'ACTIVE'
  /** Asked to join. */
  | 'INVITED'
  /** No longer a member. */
  | 'LEFT'
  /** Shut out for now. */
  | 'SUSPENDED';

/** Picks by status. */
export type MembershipStatusFilter = {
  /** Exactly this. */
  readonly eq?: MembershipStatus | null | undefined;
  /** One of these. */
  readonly in?: ReadonlyArray<MembershipStatus> | null | undefined;
};

/** Which end of a list comes first. */
export type OrderDirection =
  /** Smallest or oldest first. */
  | 'ASC'
  /** Largest or newest first. */
  | 'DESC';

/** What a member may do, from the weakest to the strongest. */
export type OrganizationRole =
  /** Everything but deleting the organization or handing it over. */
  | 'ADMIN'
  /** Reads and runs workflows. */
  | 'CUSTOMER'
  /** Everything with workflows; manages customers and viewers, and API keys. */
  | 'MANAGER'
  /** Reads, writes and runs workflows. */
  | 'MEMBER'
  /** Everything. There is exactly one. */
  | 'OWNER'
  /** Reads. */
  | 'VIEWER';

/** Picks by role. */
export type OrganizationRoleFilter = {
  /** Exactly this. */
  readonly eq?: OrganizationRole | null | undefined;
  /** One of these. */
  readonly in?: ReadonlyArray<OrganizationRole> | null | undefined;
};

/** Where an organization is in its life. Only members of an active one get in. */
export type OrganizationStatus =
  /** It is in use. */
  | 'ACTIVE'
  /** It is gone; its data wait to be purged. */
  | 'DELETED'
  /** It rests by its own wish. */
  | 'INACTIVE'
  /** It is being set up. */
  | 'PROVISIONING'
  /** Setting it up did not work; it can be tried again. */
  | 'PROVISIONING_FAILED'
  /** The platform has closed it for now. */
  | 'SUSPENDED';

/** Something that can be allowed. */
export type Permission =
  /** The permission "apiKey:read". */
  | 'API_KEY_READ'
  /** The permission "apiKey:write". */
  | 'API_KEY_WRITE'
  /** The permission "audit:read". */
  | 'AUDIT_READ'
  /** The permission "event:append". */
  | 'EVENT_APPEND'
  /** The permission "event:read". */
  | 'EVENT_READ'
  /** The permission "member:read". */
  | 'MEMBER_READ'
  /** The permission "member:write". */
  | 'MEMBER_WRITE'
  /** The permission "organization:delete". */
  | 'ORGANIZATION_DELETE'
  /** The permission "organization:read". */
  | 'ORGANIZATION_READ'
  /** The permission "organization:write". */
  | 'ORGANIZATION_WRITE'
  /** The permission "platform:admin". */
  | 'PLATFORM_ADMIN'
  /** The permission "workflow:delete". */
  | 'WORKFLOW_DELETE'
  /** The permission "workflow:execute". */
  | 'WORKFLOW_EXECUTE'
  /** The permission "workflow:read". */
  | 'WORKFLOW_READ'
  /** The permission "workflow:write". */
  | 'WORKFLOW_WRITE';

/** What an organization pays for. */
export type Plan =
  /** For large companies, without limits of number. */
  | 'ENTERPRISE'
  /** Free of charge, with hard limits. */
  | 'FREE'
  /** For teams. */
  | 'PRO';

/** What kind of caller this is. */
export type PrincipalKind =
  /** An API key, acting for a member. */
  | 'API_KEY'
  /** A person with a session. */
  | 'USER';

/** Which session to carry on. */
export type RefreshSessionInput = {
  /** The refresh token. When not given, the one in the cookie, and the cookies are set anew. */
  readonly refreshToken?: string | null | undefined;
};

/** Who registers. */
export type RegisterInput = {
  /** The address. A mail with a link is sent to it. */
  readonly email: string;
  /** What the person is called. */
  readonly name?: string | null | undefined;
  /** 8 to 128 characters that are not easy to guess; of which kind does not matter. */
  readonly password: string;
};

/** Who has forgotten the password. */
export type RequestPasswordResetInput = {
  /** The address. */
  readonly email: string;
};

/** What sets a new password. */
export type ResetPasswordInput = {
  /** Also set the tokens as HttpOnly cookies, for browsers. False when not given. */
  readonly cookie?: boolean | null | undefined;
  /** 8 to 128 characters that are not easy to guess; of which kind does not matter. */
  readonly password: string;
  /** The token of the mail. It begins with "tp_". */
  readonly token: string;
};

/** Which API key to take back. */
export type RevokeApiKeyInput = {
  /** The key. */
  readonly id: string;
};

/** Which API key to replace. */
export type RotateApiKeyInput = {
  /** The key. */
  readonly id: string;
  /** A text of your own, at most 255 characters: a repetition within 24 hours rotates once and shows no secret. */
  readonly idempotencyKey?: string | null | undefined;
  /** How long the old secret still opens the door: 0 (the default) to 604,800 seconds, which is 7 days. */
  readonly overlapSeconds?: number | null | undefined;
};

/** What shows a second factor: exactly one of these. */
export type SecondFactorProofInput =
  {   /** The code that the authenticator shows: six digits. Each works once. */
  readonly code: string; readonly recoveryCode?: never; }
  |  { readonly code?: never;   /** One of the recovery codes. Each works once. */
  readonly recoveryCode: string; };

/** Who signs in. */
export type SignInInput = {
  /** Also set the tokens as HttpOnly cookies, for browsers. False when not given. */
  readonly cookie?: boolean | null | undefined;
  /** The address. */
  readonly email: string;
  /** The password. */
  readonly password: string;
};

/** Picks by slug. */
export type SlugFilter = {
  /** Exactly this. */
  readonly eq?: string | null | undefined;
  /** One of these, at most 100. */
  readonly in?: ReadonlyArray<string> | null | undefined;
  /** Beginning with this. */
  readonly startsWith?: string | null | undefined;
};

/** A proof. */
export type StepUpInput = {
  /** The password, or a code when a second factor is set up. */
  readonly proof: StepUpProofInput;
};

/** What proves that the person of a session is there: exactly one of these. */
export type StepUpProofInput =
  {   /** The code that the authenticator shows: six digits. Each works once. */
  readonly code: string; readonly password?: never; readonly recoveryCode?: never; }
  |  { readonly code?: never;   /** The password, for whoever has no second factor. */
  readonly password: string; readonly recoveryCode?: never; }
  |  { readonly code?: never; readonly password?: never;   /** One of the recovery codes. Each works once. */
  readonly recoveryCode: string; };

/** What to change of a workflow. What is not given stays. */
export type UpdateWorkflowInput = {
  /** What it does: a Serverless Workflow 1.0 document as JSON (`document` and `do`), at most 64 kB, 200 tasks and 30 levels deep. Another definition becomes a new version; executions keep theirs. */
  readonly definition?: unknown;
  /** What it is for, at most 2,000 characters; null takes it away. */
  readonly description?: string | null | undefined;
  /** The version you read. CONFLICT when somebody else has made a later one since. */
  readonly expectedVersion?: number | null | undefined;
  /** The workflow. */
  readonly id: string;
  /** What it is called: 1 to 255 characters. */
  readonly name?: string | null | undefined;
  /** Whether it may be run. */
  readonly status?: WorkflowStatus | null | undefined;
};

/** What proves an address. */
export type VerifyEmailInput = {
  /** Also set the tokens as HttpOnly cookies, for browsers. False when not given. */
  readonly cookie?: boolean | null | undefined;
  /** The password that was chosen with this registration. */
  readonly password: string;
  /** The token of the mail. It begins with "tv_". */
  readonly token: string;
};

/** Which workflows. Everything given must hold. */
export type WorkflowFilter = {
  /** By when it was made. */
  readonly createdAt?: DateTimeFilter | null | undefined;
  /** Made by this member. An unknown member made none. */
  readonly createdById?: string | null | undefined;
  /** By slug. */
  readonly slug?: SlugFilter | null | undefined;
  /** By status. */
  readonly status?: WorkflowStatusFilter | null | undefined;
  /** By when it last changed. */
  readonly updatedAt?: DateTimeFilter | null | undefined;
};

/** How workflows are sorted. */
export type WorkflowOrder = {
  /** Which end first. */
  readonly direction: OrderDirection;
  /** By what. */
  readonly field: WorkflowOrderField;
};

/** What workflows are sorted by. */
export type WorkflowOrderField =
  /** When it was made. */
  | 'CREATED_AT'
  /** What it is called, by the rules of Unicode. */
  | 'NAME'
  /** When it last changed. */
  | 'UPDATED_AT';

/** Whether a workflow may be run. */
export type WorkflowStatus =
  /** It may. */
  | 'ACTIVE'
  /** It may not; its schedules rest. */
  | 'INACTIVE';

/** Picks by status. */
export type WorkflowStatusFilter = {
  /** Exactly this. */
  readonly eq?: WorkflowStatus | null | undefined;
  /** One of these. */
  readonly in?: ReadonlyArray<WorkflowStatus> | null | undefined;
};

export type WorkflowPageQueryVariables = Exact<{
  first: number;
  status: WorkflowStatus;
}>;


export type WorkflowPageQuery = { readonly organization: { readonly name: string }, readonly workflows: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly name: string, readonly schedules: { readonly edges: ReadonlyArray<{ readonly node: { readonly cron: string } }> } } }> } };

export type RenameWorkflowMutationVariables = Exact<{
  input: UpdateWorkflowInput;
}>;


export type RenameWorkflowMutation = { readonly updateWorkflow:
    | { readonly __typename: 'ConflictError', readonly message: string }
    | { readonly __typename: 'NotFoundError', readonly message: string }
    | { readonly __typename: 'UpdateWorkflowSuccess', readonly workflow: { readonly name: string } }
    | { readonly __typename: 'ValidationError', readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

type Failure_AppendConditionFailedError_Fragment = { readonly __typename: 'AppendConditionFailedError', readonly code: ErrorCode, readonly message: string };

type Failure_ConflictError_Fragment = { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string };

type Failure_InvalidTransitionError_Fragment = { readonly __typename: 'InvalidTransitionError', readonly code: ErrorCode, readonly message: string };

type Failure_MemberChangeError_Fragment = { readonly __typename: 'MemberChangeError', readonly code: ErrorCode, readonly message: string };

type Failure_NotFoundError_Fragment = { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string };

type Failure_ProvisioningFailedError_Fragment = { readonly __typename: 'ProvisioningFailedError', readonly code: ErrorCode, readonly message: string };

type Failure_ValidationError_Fragment = { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> };

export type FailureFragment =
  | Failure_AppendConditionFailedError_Fragment
  | Failure_ConflictError_Fragment
  | Failure_InvalidTransitionError_Fragment
  | Failure_MemberChangeError_Fragment
  | Failure_NotFoundError_Fragment
  | Failure_ProvisioningFailedError_Fragment
  | Failure_ValidationError_Fragment
;

export type WorkflowSummaryFragment = { readonly id: string, readonly slug: string, readonly name: string, readonly description: string | null, readonly status: WorkflowStatus, readonly currentVersion: number, readonly createdAt: string, readonly updatedAt: string };

export type ApiKeySummaryFragment = { readonly id: string, readonly name: string, readonly prefix: string, readonly type: ApiKeyType, readonly scopes: ReadonlyArray<string>, readonly status: ApiKeyStatus, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly usedThisMonth: number, readonly monthlyLimit: number | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: { readonly kind: PrincipalKind, readonly role: OrganizationRole | null, readonly permissions: ReadonlyArray<Permission>, readonly organizations: ReadonlyArray<{ readonly id: string, readonly slug: string, readonly name: string, readonly role: OrganizationRole, readonly active: boolean }> } | null };

export type OrganizationQueryVariables = Exact<{ [key: string]: never; }>;


export type OrganizationQuery = { readonly organization: { readonly id: string, readonly slug: string, readonly name: string, readonly description: string | null, readonly plan: Plan, readonly status: OrganizationStatus } };

export type WorkflowsQueryVariables = Exact<{
  filter?: WorkflowFilter | null | undefined;
  orderBy?: WorkflowOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type WorkflowsQuery = { readonly workflows: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly slug: string, readonly name: string, readonly description: string | null, readonly status: WorkflowStatus, readonly currentVersion: number, readonly createdAt: string, readonly updatedAt: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type WorkflowQueryVariables = Exact<{
  id: string;
}>;


export type WorkflowQuery = { readonly workflow: { readonly id: string, readonly slug: string, readonly name: string, readonly description: string | null, readonly status: WorkflowStatus, readonly currentVersion: number, readonly createdAt: string, readonly updatedAt: string, readonly versions: { readonly edges: ReadonlyArray<{ readonly node: { readonly version: number, readonly definition: Record<string, unknown> } }> }, readonly schedules: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly name: string, readonly cron: string, readonly timezone: string, readonly enabled: boolean, readonly nextRunAt: string | null } }> } } };

export type CreateWorkflowMutationVariables = Exact<{
  input: CreateWorkflowInput;
}>;


export type CreateWorkflowMutation = { readonly createWorkflow:
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'CreateWorkflowSuccess', readonly workflow: { readonly id: string, readonly slug: string, readonly name: string, readonly description: string | null, readonly status: WorkflowStatus, readonly currentVersion: number, readonly createdAt: string, readonly updatedAt: string } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type UpdateWorkflowMutationVariables = Exact<{
  input: UpdateWorkflowInput;
}>;


export type UpdateWorkflowMutation = { readonly updateWorkflow:
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'UpdateWorkflowSuccess', readonly workflow: { readonly id: string, readonly slug: string, readonly name: string, readonly description: string | null, readonly status: WorkflowStatus, readonly currentVersion: number, readonly createdAt: string, readonly updatedAt: string } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type DeleteWorkflowMutationVariables = Exact<{
  input: DeleteWorkflowInput;
}>;


export type DeleteWorkflowMutation = { readonly deleteWorkflow:
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'DeleteWorkflowSuccess', readonly workflowId: string }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type CreateScheduleMutationVariables = Exact<{
  input: CreateScheduleInput;
}>;


export type CreateScheduleMutation = { readonly createSchedule:
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'CreateScheduleSuccess', readonly schedule: { readonly id: string, readonly name: string, readonly cron: string, readonly timezone: string, readonly enabled: boolean, readonly nextRunAt: string | null } }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type MembersQueryVariables = Exact<{
  filter?: MemberFilter | null | undefined;
  orderBy?: MemberOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type MembersQuery = { readonly members: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly email: string, readonly name: string | null, readonly role: OrganizationRole, readonly status: MembershipStatus } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ApiKeysQueryVariables = Exact<{
  filter?: ApiKeyFilter | null | undefined;
  orderBy?: ApiKeyOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ApiKeysQuery = { readonly apiKeys: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly name: string, readonly prefix: string, readonly type: ApiKeyType, readonly scopes: ReadonlyArray<string>, readonly status: ApiKeyStatus, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly usedThisMonth: number, readonly monthlyLimit: number | null } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { readonly createApiKey:
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'CreateApiKeySuccess', readonly secret: string | null, readonly apiKey: { readonly id: string, readonly name: string, readonly prefix: string, readonly type: ApiKeyType, readonly scopes: ReadonlyArray<string>, readonly status: ApiKeyStatus, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly usedThisMonth: number, readonly monthlyLimit: number | null } }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type RotateApiKeyMutationVariables = Exact<{
  input: RotateApiKeyInput;
}>;


export type RotateApiKeyMutation = { readonly rotateApiKey:
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'RotateApiKeySuccess', readonly secret: string | null, readonly apiKey: { readonly id: string, readonly name: string, readonly prefix: string, readonly type: ApiKeyType, readonly scopes: ReadonlyArray<string>, readonly status: ApiKeyStatus, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly usedThisMonth: number, readonly monthlyLimit: number | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type RevokeApiKeyMutationVariables = Exact<{
  input: RevokeApiKeyInput;
}>;


export type RevokeApiKeyMutation = { readonly revokeApiKey:
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'RevokeApiKeySuccess', readonly apiKey: { readonly id: string, readonly name: string, readonly prefix: string, readonly type: ApiKeyType, readonly scopes: ReadonlyArray<string>, readonly status: ApiKeyStatus, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly usedThisMonth: number, readonly monthlyLimit: number | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { readonly signIn:
    | { readonly __typename: 'SecondFactorRequired', readonly challengeToken: string, readonly expiresAt: string }
    | { readonly __typename: 'SignInSuccess', readonly accessToken: string, readonly accessExpiresAt: string, readonly refreshToken: string, readonly refreshExpiresAt: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type CompleteSignInMutationVariables = Exact<{
  input: CompleteSignInInput;
}>;


export type CompleteSignInMutation = { readonly completeSignIn:
    | { readonly __typename: 'CompleteSignInSuccess', readonly accessToken: string, readonly accessExpiresAt: string, readonly refreshToken: string, readonly refreshExpiresAt: string, readonly recoveryCodesLeft: number | null }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type RegisterMutationVariables = Exact<{
  input: RegisterInput;
}>;


export type RegisterMutation = { readonly register:
    | { readonly __typename: 'RegisterSuccess', readonly sentTo: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type VerifyEmailMutationVariables = Exact<{
  input: VerifyEmailInput;
}>;


export type VerifyEmailMutation = { readonly verifyEmail:
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'VerifyEmailSuccess', readonly accessToken: string, readonly accessExpiresAt: string, readonly refreshToken: string, readonly refreshExpiresAt: string }
   };

export type RefreshSessionMutationVariables = Exact<{
  input: RefreshSessionInput;
}>;


export type RefreshSessionMutation = { readonly refreshSession:
    | { readonly __typename: 'RefreshSessionSuccess', readonly accessToken: string, readonly accessExpiresAt: string, readonly refreshToken: string, readonly refreshExpiresAt: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type SignOutMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutMutation = { readonly signOut:
    | { readonly __typename: 'SignOutSuccess', readonly signedOut: boolean }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type RequestPasswordResetMutationVariables = Exact<{
  input: RequestPasswordResetInput;
}>;


export type RequestPasswordResetMutation = { readonly requestPasswordReset:
    | { readonly __typename: 'RequestPasswordResetSuccess', readonly sentTo: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type ResetPasswordMutationVariables = Exact<{
  input: ResetPasswordInput;
}>;


export type ResetPasswordMutation = { readonly resetPassword:
    | { readonly __typename: 'ResetPasswordSuccess', readonly accessToken: string, readonly accessExpiresAt: string, readonly refreshToken: string, readonly refreshExpiresAt: string }
    | { readonly __typename: 'SecondFactorRequired', readonly challengeToken: string, readonly expiresAt: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type StepUpMutationVariables = Exact<{
  input: StepUpInput;
}>;


export type StepUpMutation = { readonly stepUp:
    | { readonly __typename: 'StepUpSuccess', readonly provedUntil: string, readonly recoveryCodesLeft: number | null }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export type AcceptInvitationMutationVariables = Exact<{
  input: AcceptInvitationInput;
}>;


export type AcceptInvitationMutation = { readonly acceptInvitation:
    | { readonly __typename: 'AcceptInvitationSuccess', readonly organizationId: string, readonly memberId: string, readonly accessToken: string | null, readonly accessExpiresAt: string | null, readonly refreshToken: string | null, readonly refreshExpiresAt: string | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly fields: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
   };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const FailureFragmentDoc = new TypedDocumentString(`
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}
    `, {"fragmentName":"Failure"}) as unknown as TypedDocumentString<FailureFragment, unknown>;
export const WorkflowSummaryFragmentDoc = new TypedDocumentString(`
    fragment WorkflowSummary on Workflow {
  id
  slug
  name
  description
  status
  currentVersion
  createdAt
  updatedAt
}
    `, {"fragmentName":"WorkflowSummary"}) as unknown as TypedDocumentString<WorkflowSummaryFragment, unknown>;
export const ApiKeySummaryFragmentDoc = new TypedDocumentString(`
    fragment ApiKeySummary on ApiKey {
  id
  name
  prefix
  type
  scopes
  status
  expiresAt
  lastUsedAt
  usedThisMonth
  monthlyLimit
}
    `, {"fragmentName":"ApiKeySummary"}) as unknown as TypedDocumentString<ApiKeySummaryFragment, unknown>;
export const WorkflowPageDocument = new TypedDocumentString(`
    query WorkflowPage($first: Int!, $status: WorkflowStatus!) {
  organization {
    name
  }
  workflows(
    first: $first
    filter: { status: { eq: $status } }
    orderBy: { field: NAME, direction: ASC }
  ) {
    edges {
      node {
        id
        name
        schedules(first: 1) {
          edges {
            node {
              cron
            }
          }
        }
      }
    }
  }
}
    `, {"id":"sha256:4be80931dfa661ecc7450d33ab5699d7ac62df97f3f74619caf34b80e49b80ed"}) as unknown as TypedDocumentString<WorkflowPageQuery, WorkflowPageQueryVariables>;
export const RenameWorkflowDocument = new TypedDocumentString(`
    mutation RenameWorkflow($input: UpdateWorkflowInput!) {
  updateWorkflow(input: $input) {
    ... on UpdateWorkflowSuccess {
      __typename
      workflow {
        name
      }
    }
    ... on ValidationError {
      __typename
      fields {
        path
        message
      }
    }
    ... on Error {
      __typename
      message
    }
  }
}
    `, {"id":"sha256:bd3f62149a600f43f6309b098bbb19a1a730fe6e014f06a8916741dab1147979"}) as unknown as TypedDocumentString<RenameWorkflowMutation, RenameWorkflowMutationVariables>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    kind
    role
    permissions
    organizations {
      id
      slug
      name
      role
      active
    }
  }
}
    `, {"id":"sha256:7e232136f63f8c08100fae27c15b3bd33fb4800ec2d250de75b4e7d46e14edcb"}) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const OrganizationDocument = new TypedDocumentString(`
    query Organization {
  organization {
    id
    slug
    name
    description
    plan
    status
  }
}
    `, {"id":"sha256:b6642d39e009deb8e287d7f5f16b996902c81dfe6645d68634b63c03f3c7b17c"}) as unknown as TypedDocumentString<OrganizationQuery, OrganizationQueryVariables>;
export const WorkflowsDocument = new TypedDocumentString(`
    query Workflows($filter: WorkflowFilter, $orderBy: WorkflowOrder, $first: Int, $after: String) {
  workflows(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    edges {
      node {
        ...WorkflowSummary
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment WorkflowSummary on Workflow {
  id
  slug
  name
  description
  status
  currentVersion
  createdAt
  updatedAt
}`, {"id":"sha256:a052106b0d06482b107b8db161f22f801596a8ea9c0096991ce8a1ef9731db96"}) as unknown as TypedDocumentString<WorkflowsQuery, WorkflowsQueryVariables>;
export const WorkflowDocument = new TypedDocumentString(`
    query Workflow($id: ID!) {
  workflow(id: $id) {
    ...WorkflowSummary
    versions(first: 1) {
      edges {
        node {
          version
          definition
        }
      }
    }
    schedules {
      edges {
        node {
          id
          name
          cron
          timezone
          enabled
          nextRunAt
        }
      }
    }
  }
}
    fragment WorkflowSummary on Workflow {
  id
  slug
  name
  description
  status
  currentVersion
  createdAt
  updatedAt
}`, {"id":"sha256:e82cccb81249c9e631377f7bebf58db038d0718e774be33e87473fc6e4847ecd"}) as unknown as TypedDocumentString<WorkflowQuery, WorkflowQueryVariables>;
export const CreateWorkflowDocument = new TypedDocumentString(`
    mutation CreateWorkflow($input: CreateWorkflowInput!) {
  createWorkflow(input: $input) {
    __typename
    ... on CreateWorkflowSuccess {
      workflow {
        ...WorkflowSummary
      }
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}
fragment WorkflowSummary on Workflow {
  id
  slug
  name
  description
  status
  currentVersion
  createdAt
  updatedAt
}`, {"id":"sha256:4458ea7db7a003dfe00dba8d7c6f67b8354c9437bbe689e0f24bd064fdcfd510"}) as unknown as TypedDocumentString<CreateWorkflowMutation, CreateWorkflowMutationVariables>;
export const UpdateWorkflowDocument = new TypedDocumentString(`
    mutation UpdateWorkflow($input: UpdateWorkflowInput!) {
  updateWorkflow(input: $input) {
    __typename
    ... on UpdateWorkflowSuccess {
      workflow {
        ...WorkflowSummary
      }
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}
fragment WorkflowSummary on Workflow {
  id
  slug
  name
  description
  status
  currentVersion
  createdAt
  updatedAt
}`, {"id":"sha256:693f77b7bde8008b716df43a583f9f6254c411487b977bb79340032132c74003"}) as unknown as TypedDocumentString<UpdateWorkflowMutation, UpdateWorkflowMutationVariables>;
export const DeleteWorkflowDocument = new TypedDocumentString(`
    mutation DeleteWorkflow($input: DeleteWorkflowInput!) {
  deleteWorkflow(input: $input) {
    __typename
    ... on DeleteWorkflowSuccess {
      workflowId
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:5240d0a1fd22c41a7f6a19e1bdb2ec5c63ad7ece15d97303c07649097da5b53a"}) as unknown as TypedDocumentString<DeleteWorkflowMutation, DeleteWorkflowMutationVariables>;
export const CreateScheduleDocument = new TypedDocumentString(`
    mutation CreateSchedule($input: CreateScheduleInput!) {
  createSchedule(input: $input) {
    __typename
    ... on CreateScheduleSuccess {
      schedule {
        id
        name
        cron
        timezone
        enabled
        nextRunAt
      }
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:48f3ab31c3d64c743e697c16fe26b2e4aa287bb616afd22e8dc95d52ef616a6e"}) as unknown as TypedDocumentString<CreateScheduleMutation, CreateScheduleMutationVariables>;
export const MembersDocument = new TypedDocumentString(`
    query Members($filter: MemberFilter, $orderBy: MemberOrder, $first: Int, $after: String) {
  members(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    edges {
      node {
        id
        email
        name
        role
        status
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `, {"id":"sha256:2789ebb349d19b48eadbbfe59b5a88e341e8063625c2101d1d99cf3950d84b88"}) as unknown as TypedDocumentString<MembersQuery, MembersQueryVariables>;
export const ApiKeysDocument = new TypedDocumentString(`
    query ApiKeys($filter: ApiKeyFilter, $orderBy: ApiKeyOrder, $first: Int, $after: String) {
  apiKeys(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    edges {
      node {
        ...ApiKeySummary
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment ApiKeySummary on ApiKey {
  id
  name
  prefix
  type
  scopes
  status
  expiresAt
  lastUsedAt
  usedThisMonth
  monthlyLimit
}`, {"id":"sha256:4d823a4cf5a05c005205c4e943544c3d124fce785c4c3fe8359be38a22e238fb"}) as unknown as TypedDocumentString<ApiKeysQuery, ApiKeysQueryVariables>;
export const CreateApiKeyDocument = new TypedDocumentString(`
    mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    __typename
    ... on CreateApiKeySuccess {
      apiKey {
        ...ApiKeySummary
      }
      secret
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}
fragment ApiKeySummary on ApiKey {
  id
  name
  prefix
  type
  scopes
  status
  expiresAt
  lastUsedAt
  usedThisMonth
  monthlyLimit
}`, {"id":"sha256:5ddc0ef3974cd2199396dbcd4c47ec860517f0ce4f0046b009fd89a762a99cd1"}) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
export const RotateApiKeyDocument = new TypedDocumentString(`
    mutation RotateApiKey($input: RotateApiKeyInput!) {
  rotateApiKey(input: $input) {
    __typename
    ... on RotateApiKeySuccess {
      apiKey {
        ...ApiKeySummary
      }
      secret
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}
fragment ApiKeySummary on ApiKey {
  id
  name
  prefix
  type
  scopes
  status
  expiresAt
  lastUsedAt
  usedThisMonth
  monthlyLimit
}`, {"id":"sha256:ec39d31143407a443ad3dd71e783674ceb336319c42e29b11af62ae669290ae9"}) as unknown as TypedDocumentString<RotateApiKeyMutation, RotateApiKeyMutationVariables>;
export const RevokeApiKeyDocument = new TypedDocumentString(`
    mutation RevokeApiKey($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) {
    __typename
    ... on RevokeApiKeySuccess {
      apiKey {
        ...ApiKeySummary
      }
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}
fragment ApiKeySummary on ApiKey {
  id
  name
  prefix
  type
  scopes
  status
  expiresAt
  lastUsedAt
  usedThisMonth
  monthlyLimit
}`, {"id":"sha256:7d2a828a23be1620706cf1b964d80a3b2d648ee9fd8dd03a7e94320edb46628d"}) as unknown as TypedDocumentString<RevokeApiKeyMutation, RevokeApiKeyMutationVariables>;
export const SignInDocument = new TypedDocumentString(`
    mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignInSuccess {
      accessToken
      accessExpiresAt
      refreshToken
      refreshExpiresAt
    }
    ... on SecondFactorRequired {
      challengeToken
      expiresAt
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:054658d237381369897d912522437ad1032db753e04f6aa99e97b6f43c5d0115"}) as unknown as TypedDocumentString<SignInMutation, SignInMutationVariables>;
export const CompleteSignInDocument = new TypedDocumentString(`
    mutation CompleteSignIn($input: CompleteSignInInput!) {
  completeSignIn(input: $input) {
    __typename
    ... on CompleteSignInSuccess {
      accessToken
      accessExpiresAt
      refreshToken
      refreshExpiresAt
      recoveryCodesLeft
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:7b4a57880a74bdec6f767e7c099dd967617bac3e4da485f354b9f26e0f80f82b"}) as unknown as TypedDocumentString<CompleteSignInMutation, CompleteSignInMutationVariables>;
export const RegisterDocument = new TypedDocumentString(`
    mutation Register($input: RegisterInput!) {
  register(input: $input) {
    __typename
    ... on RegisterSuccess {
      sentTo
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:1d34dcbd9553aba2d3176109f76fcb7ce3a5dbdd54bb60c0157432a01e7c7d57"}) as unknown as TypedDocumentString<RegisterMutation, RegisterMutationVariables>;
export const VerifyEmailDocument = new TypedDocumentString(`
    mutation VerifyEmail($input: VerifyEmailInput!) {
  verifyEmail(input: $input) {
    __typename
    ... on VerifyEmailSuccess {
      accessToken
      accessExpiresAt
      refreshToken
      refreshExpiresAt
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:a565a63a1ec046ff5fb6ec8b0308733e9121df9c4d37967cda9cde4b32756822"}) as unknown as TypedDocumentString<VerifyEmailMutation, VerifyEmailMutationVariables>;
export const RefreshSessionDocument = new TypedDocumentString(`
    mutation RefreshSession($input: RefreshSessionInput!) {
  refreshSession(input: $input) {
    __typename
    ... on RefreshSessionSuccess {
      accessToken
      accessExpiresAt
      refreshToken
      refreshExpiresAt
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:ebdf157cfa603e86c0a96cafb9e63a0f0beb4e5d1e8bc2e1ce3c28b93abc9175"}) as unknown as TypedDocumentString<RefreshSessionMutation, RefreshSessionMutationVariables>;
export const SignOutDocument = new TypedDocumentString(`
    mutation SignOut {
  signOut {
    __typename
    ... on SignOutSuccess {
      signedOut
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:868b61fb396df317bb50f4f43a2753476caeb90029c2d94cbc1662c172a2ca80"}) as unknown as TypedDocumentString<SignOutMutation, SignOutMutationVariables>;
export const RequestPasswordResetDocument = new TypedDocumentString(`
    mutation RequestPasswordReset($input: RequestPasswordResetInput!) {
  requestPasswordReset(input: $input) {
    __typename
    ... on RequestPasswordResetSuccess {
      sentTo
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:24ccee253b1d879c84679a3a8d264d4883f2a556cd2235bcde8a1db785b8b81c"}) as unknown as TypedDocumentString<RequestPasswordResetMutation, RequestPasswordResetMutationVariables>;
export const ResetPasswordDocument = new TypedDocumentString(`
    mutation ResetPassword($input: ResetPasswordInput!) {
  resetPassword(input: $input) {
    __typename
    ... on ResetPasswordSuccess {
      accessToken
      accessExpiresAt
      refreshToken
      refreshExpiresAt
    }
    ... on SecondFactorRequired {
      challengeToken
      expiresAt
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:9dba2b1fa1ddf4a2291a0545a43723e0badaf6695defeb41e7d1039c912ba246"}) as unknown as TypedDocumentString<ResetPasswordMutation, ResetPasswordMutationVariables>;
export const StepUpDocument = new TypedDocumentString(`
    mutation StepUp($input: StepUpInput!) {
  stepUp(input: $input) {
    __typename
    ... on StepUpSuccess {
      provedUntil
      recoveryCodesLeft
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:d4d4169c5252c7c27591595a991f22854d8eae881145b207b2a2c6e6f624c3e2"}) as unknown as TypedDocumentString<StepUpMutation, StepUpMutationVariables>;
export const AcceptInvitationDocument = new TypedDocumentString(`
    mutation AcceptInvitation($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) {
    __typename
    ... on AcceptInvitationSuccess {
      organizationId
      memberId
      accessToken
      accessExpiresAt
      refreshToken
      refreshExpiresAt
    }
    ...Failure
  }
}
    fragment Failure on Error {
  __typename
  code
  message
  ... on ValidationError {
    fields {
      path
      message
    }
  }
}`, {"id":"sha256:e6d008999123b7d12cc760da2f0ad282c72772d7c8156fa4c8d04533bdee4c25"}) as unknown as TypedDocumentString<AcceptInvitationMutation, AcceptInvitationMutationVariables>;