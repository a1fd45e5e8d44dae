/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query WorkflowPage($first: Int!, $status: WorkflowStatus!) {\n    organization { name }\n    workflows(first: $first, filter: { status: { eq: $status } }, orderBy: { field: NAME, direction: ASC }) {\n      edges { node { id name schedules(first: 1) { edges { node { cron } } } } }\n    }\n  }\n": typeof types.WorkflowPageDocument,
    "\n  mutation RenameWorkflow($input: UpdateWorkflowInput!) {\n    updateWorkflow(input: $input) {\n      ... on UpdateWorkflowSuccess { __typename workflow { name } }\n      ... on ValidationError { __typename fields { path message } }\n      ... on Error { __typename message }\n    }\n  }\n": typeof types.RenameWorkflowDocument,
    "\n  fragment Failure on Error {\n    __typename\n    code\n    message\n    ... on ValidationError {\n      fields {\n        path\n        message\n      }\n    }\n  }\n": typeof types.FailureFragmentDoc,
    "\n  fragment WorkflowSummary on Workflow {\n    id\n    slug\n    name\n    description\n    status\n    currentVersion\n    createdAt\n    updatedAt\n  }\n": typeof types.WorkflowSummaryFragmentDoc,
    "\n  fragment ApiKeySummary on ApiKey {\n    id\n    name\n    prefix\n    type\n    scopes\n    status\n    expiresAt\n    lastUsedAt\n    usedThisMonth\n    monthlyLimit\n  }\n": typeof types.ApiKeySummaryFragmentDoc,
    "\n  query Viewer {\n    viewer {\n      kind\n      role\n      permissions\n      organizations {\n        id\n        slug\n        name\n        role\n        active\n      }\n    }\n  }\n": typeof types.ViewerDocument,
    "\n  query Organization {\n    organization {\n      id\n      slug\n      name\n      description\n      plan\n      status\n    }\n  }\n": typeof types.OrganizationDocument,
    "\n  query Workflows($filter: WorkflowFilter, $orderBy: WorkflowOrder, $first: Int, $after: String) {\n    workflows(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          ...WorkflowSummary\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.WorkflowsDocument,
    "\n  query Workflow($id: ID!) {\n    workflow(id: $id) {\n      ...WorkflowSummary\n      versions(first: 1) {\n        edges {\n          node {\n            version\n            definition\n          }\n        }\n      }\n      schedules {\n        edges {\n          node {\n            id\n            name\n            cron\n            timezone\n            enabled\n            nextRunAt\n          }\n        }\n      }\n    }\n  }\n": typeof types.WorkflowDocument,
    "\n  mutation CreateWorkflow($input: CreateWorkflowInput!) {\n    createWorkflow(input: $input) {\n      __typename\n      ... on CreateWorkflowSuccess {\n        workflow {\n          ...WorkflowSummary\n        }\n      }\n      ...Failure\n    }\n  }\n": typeof types.CreateWorkflowDocument,
    "\n  mutation UpdateWorkflow($input: UpdateWorkflowInput!) {\n    updateWorkflow(input: $input) {\n      __typename\n      ... on UpdateWorkflowSuccess {\n        workflow {\n          ...WorkflowSummary\n        }\n      }\n      ...Failure\n    }\n  }\n": typeof types.UpdateWorkflowDocument,
    "\n  mutation DeleteWorkflow($input: DeleteWorkflowInput!) {\n    deleteWorkflow(input: $input) {\n      __typename\n      ... on DeleteWorkflowSuccess {\n        workflowId\n      }\n      ...Failure\n    }\n  }\n": typeof types.DeleteWorkflowDocument,
    "\n  mutation CreateSchedule($input: CreateScheduleInput!) {\n    createSchedule(input: $input) {\n      __typename\n      ... on CreateScheduleSuccess {\n        schedule {\n          id\n          name\n          cron\n          timezone\n          enabled\n          nextRunAt\n        }\n      }\n      ...Failure\n    }\n  }\n": typeof types.CreateScheduleDocument,
    "\n  query Members($filter: MemberFilter, $orderBy: MemberOrder, $first: Int, $after: String) {\n    members(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          id\n          email\n          name\n          role\n          status\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.MembersDocument,
    "\n  query ApiKeys($filter: ApiKeyFilter, $orderBy: ApiKeyOrder, $first: Int, $after: String) {\n    apiKeys(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          ...ApiKeySummary\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.ApiKeysDocument,
    "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      __typename\n      ... on CreateApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n        secret\n      }\n      ...Failure\n    }\n  }\n": typeof types.CreateApiKeyDocument,
    "\n  mutation RotateApiKey($input: RotateApiKeyInput!) {\n    rotateApiKey(input: $input) {\n      __typename\n      ... on RotateApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n        secret\n      }\n      ...Failure\n    }\n  }\n": typeof types.RotateApiKeyDocument,
    "\n  mutation RevokeApiKey($input: RevokeApiKeyInput!) {\n    revokeApiKey(input: $input) {\n      __typename\n      ... on RevokeApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n      }\n      ...Failure\n    }\n  }\n": typeof types.RevokeApiKeyDocument,
    "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      __typename\n      ... on SignInSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ... on SecondFactorRequired {\n        challengeToken\n        expiresAt\n      }\n      ...Failure\n    }\n  }\n": typeof types.SignInDocument,
    "\n  mutation CompleteSignIn($input: CompleteSignInInput!) {\n    completeSignIn(input: $input) {\n      __typename\n      ... on CompleteSignInSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n        recoveryCodesLeft\n      }\n      ...Failure\n    }\n  }\n": typeof types.CompleteSignInDocument,
    "\n  mutation Register($input: RegisterInput!) {\n    register(input: $input) {\n      __typename\n      ... on RegisterSuccess {\n        sentTo\n      }\n      ...Failure\n    }\n  }\n": typeof types.RegisterDocument,
    "\n  mutation VerifyEmail($input: VerifyEmailInput!) {\n    verifyEmail(input: $input) {\n      __typename\n      ... on VerifyEmailSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n": typeof types.VerifyEmailDocument,
    "\n  mutation RefreshSession($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      __typename\n      ... on RefreshSessionSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n": typeof types.RefreshSessionDocument,
    "\n  mutation SignOut {\n    signOut {\n      __typename\n      ... on SignOutSuccess {\n        signedOut\n      }\n      ...Failure\n    }\n  }\n": typeof types.SignOutDocument,
    "\n  mutation RequestPasswordReset($input: RequestPasswordResetInput!) {\n    requestPasswordReset(input: $input) {\n      __typename\n      ... on RequestPasswordResetSuccess {\n        sentTo\n      }\n      ...Failure\n    }\n  }\n": typeof types.RequestPasswordResetDocument,
    "\n  mutation ResetPassword($input: ResetPasswordInput!) {\n    resetPassword(input: $input) {\n      __typename\n      ... on ResetPasswordSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ... on SecondFactorRequired {\n        challengeToken\n        expiresAt\n      }\n      ...Failure\n    }\n  }\n": typeof types.ResetPasswordDocument,
    "\n  mutation StepUp($input: StepUpInput!) {\n    stepUp(input: $input) {\n      __typename\n      ... on StepUpSuccess {\n        provedUntil\n        recoveryCodesLeft\n      }\n      ...Failure\n    }\n  }\n": typeof types.StepUpDocument,
    "\n  mutation AcceptInvitation($input: AcceptInvitationInput!) {\n    acceptInvitation(input: $input) {\n      __typename\n      ... on AcceptInvitationSuccess {\n        organizationId\n        memberId\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n": typeof types.AcceptInvitationDocument,
};
const documents: Documents = {
    "\n  query WorkflowPage($first: Int!, $status: WorkflowStatus!) {\n    organization { name }\n    workflows(first: $first, filter: { status: { eq: $status } }, orderBy: { field: NAME, direction: ASC }) {\n      edges { node { id name schedules(first: 1) { edges { node { cron } } } } }\n    }\n  }\n": types.WorkflowPageDocument,
    "\n  mutation RenameWorkflow($input: UpdateWorkflowInput!) {\n    updateWorkflow(input: $input) {\n      ... on UpdateWorkflowSuccess { __typename workflow { name } }\n      ... on ValidationError { __typename fields { path message } }\n      ... on Error { __typename message }\n    }\n  }\n": types.RenameWorkflowDocument,
    "\n  fragment Failure on Error {\n    __typename\n    code\n    message\n    ... on ValidationError {\n      fields {\n        path\n        message\n      }\n    }\n  }\n": types.FailureFragmentDoc,
    "\n  fragment WorkflowSummary on Workflow {\n    id\n    slug\n    name\n    description\n    status\n    currentVersion\n    createdAt\n    updatedAt\n  }\n": types.WorkflowSummaryFragmentDoc,
    "\n  fragment ApiKeySummary on ApiKey {\n    id\n    name\n    prefix\n    type\n    scopes\n    status\n    expiresAt\n    lastUsedAt\n    usedThisMonth\n    monthlyLimit\n  }\n": types.ApiKeySummaryFragmentDoc,
    "\n  query Viewer {\n    viewer {\n      kind\n      role\n      permissions\n      organizations {\n        id\n        slug\n        name\n        role\n        active\n      }\n    }\n  }\n": types.ViewerDocument,
    "\n  query Organization {\n    organization {\n      id\n      slug\n      name\n      description\n      plan\n      status\n    }\n  }\n": types.OrganizationDocument,
    "\n  query Workflows($filter: WorkflowFilter, $orderBy: WorkflowOrder, $first: Int, $after: String) {\n    workflows(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          ...WorkflowSummary\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.WorkflowsDocument,
    "\n  query Workflow($id: ID!) {\n    workflow(id: $id) {\n      ...WorkflowSummary\n      versions(first: 1) {\n        edges {\n          node {\n            version\n            definition\n          }\n        }\n      }\n      schedules {\n        edges {\n          node {\n            id\n            name\n            cron\n            timezone\n            enabled\n            nextRunAt\n          }\n        }\n      }\n    }\n  }\n": types.WorkflowDocument,
    "\n  mutation CreateWorkflow($input: CreateWorkflowInput!) {\n    createWorkflow(input: $input) {\n      __typename\n      ... on CreateWorkflowSuccess {\n        workflow {\n          ...WorkflowSummary\n        }\n      }\n      ...Failure\n    }\n  }\n": types.CreateWorkflowDocument,
    "\n  mutation UpdateWorkflow($input: UpdateWorkflowInput!) {\n    updateWorkflow(input: $input) {\n      __typename\n      ... on UpdateWorkflowSuccess {\n        workflow {\n          ...WorkflowSummary\n        }\n      }\n      ...Failure\n    }\n  }\n": types.UpdateWorkflowDocument,
    "\n  mutation DeleteWorkflow($input: DeleteWorkflowInput!) {\n    deleteWorkflow(input: $input) {\n      __typename\n      ... on DeleteWorkflowSuccess {\n        workflowId\n      }\n      ...Failure\n    }\n  }\n": types.DeleteWorkflowDocument,
    "\n  mutation CreateSchedule($input: CreateScheduleInput!) {\n    createSchedule(input: $input) {\n      __typename\n      ... on CreateScheduleSuccess {\n        schedule {\n          id\n          name\n          cron\n          timezone\n          enabled\n          nextRunAt\n        }\n      }\n      ...Failure\n    }\n  }\n": types.CreateScheduleDocument,
    "\n  query Members($filter: MemberFilter, $orderBy: MemberOrder, $first: Int, $after: String) {\n    members(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          id\n          email\n          name\n          role\n          status\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.MembersDocument,
    "\n  query ApiKeys($filter: ApiKeyFilter, $orderBy: ApiKeyOrder, $first: Int, $after: String) {\n    apiKeys(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          ...ApiKeySummary\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.ApiKeysDocument,
    "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      __typename\n      ... on CreateApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n        secret\n      }\n      ...Failure\n    }\n  }\n": types.CreateApiKeyDocument,
    "\n  mutation RotateApiKey($input: RotateApiKeyInput!) {\n    rotateApiKey(input: $input) {\n      __typename\n      ... on RotateApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n        secret\n      }\n      ...Failure\n    }\n  }\n": types.RotateApiKeyDocument,
    "\n  mutation RevokeApiKey($input: RevokeApiKeyInput!) {\n    revokeApiKey(input: $input) {\n      __typename\n      ... on RevokeApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n      }\n      ...Failure\n    }\n  }\n": types.RevokeApiKeyDocument,
    "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      __typename\n      ... on SignInSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ... on SecondFactorRequired {\n        challengeToken\n        expiresAt\n      }\n      ...Failure\n    }\n  }\n": types.SignInDocument,
    "\n  mutation CompleteSignIn($input: CompleteSignInInput!) {\n    completeSignIn(input: $input) {\n      __typename\n      ... on CompleteSignInSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n        recoveryCodesLeft\n      }\n      ...Failure\n    }\n  }\n": types.CompleteSignInDocument,
    "\n  mutation Register($input: RegisterInput!) {\n    register(input: $input) {\n      __typename\n      ... on RegisterSuccess {\n        sentTo\n      }\n      ...Failure\n    }\n  }\n": types.RegisterDocument,
    "\n  mutation VerifyEmail($input: VerifyEmailInput!) {\n    verifyEmail(input: $input) {\n      __typename\n      ... on VerifyEmailSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n": types.VerifyEmailDocument,
    "\n  mutation RefreshSession($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      __typename\n      ... on RefreshSessionSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n": types.RefreshSessionDocument,
    "\n  mutation SignOut {\n    signOut {\n      __typename\n      ... on SignOutSuccess {\n        signedOut\n      }\n      ...Failure\n    }\n  }\n": types.SignOutDocument,
    "\n  mutation RequestPasswordReset($input: RequestPasswordResetInput!) {\n    requestPasswordReset(input: $input) {\n      __typename\n      ... on RequestPasswordResetSuccess {\n        sentTo\n      }\n      ...Failure\n    }\n  }\n": types.RequestPasswordResetDocument,
    "\n  mutation ResetPassword($input: ResetPasswordInput!) {\n    resetPassword(input: $input) {\n      __typename\n      ... on ResetPasswordSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ... on SecondFactorRequired {\n        challengeToken\n        expiresAt\n      }\n      ...Failure\n    }\n  }\n": types.ResetPasswordDocument,
    "\n  mutation StepUp($input: StepUpInput!) {\n    stepUp(input: $input) {\n      __typename\n      ... on StepUpSuccess {\n        provedUntil\n        recoveryCodesLeft\n      }\n      ...Failure\n    }\n  }\n": types.StepUpDocument,
    "\n  mutation AcceptInvitation($input: AcceptInvitationInput!) {\n    acceptInvitation(input: $input) {\n      __typename\n      ... on AcceptInvitationSuccess {\n        organizationId\n        memberId\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n": types.AcceptInvitationDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WorkflowPage($first: Int!, $status: WorkflowStatus!) {\n    organization { name }\n    workflows(first: $first, filter: { status: { eq: $status } }, orderBy: { field: NAME, direction: ASC }) {\n      edges { node { id name schedules(first: 1) { edges { node { cron } } } } }\n    }\n  }\n"): typeof import('./graphql.ts').WorkflowPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RenameWorkflow($input: UpdateWorkflowInput!) {\n    updateWorkflow(input: $input) {\n      ... on UpdateWorkflowSuccess { __typename workflow { name } }\n      ... on ValidationError { __typename fields { path message } }\n      ... on Error { __typename message }\n    }\n  }\n"): typeof import('./graphql.ts').RenameWorkflowDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Failure on Error {\n    __typename\n    code\n    message\n    ... on ValidationError {\n      fields {\n        path\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.ts').FailureFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment WorkflowSummary on Workflow {\n    id\n    slug\n    name\n    description\n    status\n    currentVersion\n    createdAt\n    updatedAt\n  }\n"): typeof import('./graphql.ts').WorkflowSummaryFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ApiKeySummary on ApiKey {\n    id\n    name\n    prefix\n    type\n    scopes\n    status\n    expiresAt\n    lastUsedAt\n    usedThisMonth\n    monthlyLimit\n  }\n"): typeof import('./graphql.ts').ApiKeySummaryFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Viewer {\n    viewer {\n      kind\n      role\n      permissions\n      organizations {\n        id\n        slug\n        name\n        role\n        active\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ViewerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Organization {\n    organization {\n      id\n      slug\n      name\n      description\n      plan\n      status\n    }\n  }\n"): typeof import('./graphql.ts').OrganizationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Workflows($filter: WorkflowFilter, $orderBy: WorkflowOrder, $first: Int, $after: String) {\n    workflows(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          ...WorkflowSummary\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): typeof import('./graphql.ts').WorkflowsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Workflow($id: ID!) {\n    workflow(id: $id) {\n      ...WorkflowSummary\n      versions(first: 1) {\n        edges {\n          node {\n            version\n            definition\n          }\n        }\n      }\n      schedules {\n        edges {\n          node {\n            id\n            name\n            cron\n            timezone\n            enabled\n            nextRunAt\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').WorkflowDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateWorkflow($input: CreateWorkflowInput!) {\n    createWorkflow(input: $input) {\n      __typename\n      ... on CreateWorkflowSuccess {\n        workflow {\n          ...WorkflowSummary\n        }\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').CreateWorkflowDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateWorkflow($input: UpdateWorkflowInput!) {\n    updateWorkflow(input: $input) {\n      __typename\n      ... on UpdateWorkflowSuccess {\n        workflow {\n          ...WorkflowSummary\n        }\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').UpdateWorkflowDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteWorkflow($input: DeleteWorkflowInput!) {\n    deleteWorkflow(input: $input) {\n      __typename\n      ... on DeleteWorkflowSuccess {\n        workflowId\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').DeleteWorkflowDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateSchedule($input: CreateScheduleInput!) {\n    createSchedule(input: $input) {\n      __typename\n      ... on CreateScheduleSuccess {\n        schedule {\n          id\n          name\n          cron\n          timezone\n          enabled\n          nextRunAt\n        }\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').CreateScheduleDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Members($filter: MemberFilter, $orderBy: MemberOrder, $first: Int, $after: String) {\n    members(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          id\n          email\n          name\n          role\n          status\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): typeof import('./graphql.ts').MembersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ApiKeys($filter: ApiKeyFilter, $orderBy: ApiKeyOrder, $first: Int, $after: String) {\n    apiKeys(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      edges {\n        node {\n          ...ApiKeySummary\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ApiKeysDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      __typename\n      ... on CreateApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n        secret\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').CreateApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RotateApiKey($input: RotateApiKeyInput!) {\n    rotateApiKey(input: $input) {\n      __typename\n      ... on RotateApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n        secret\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').RotateApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeApiKey($input: RevokeApiKeyInput!) {\n    revokeApiKey(input: $input) {\n      __typename\n      ... on RevokeApiKeySuccess {\n        apiKey {\n          ...ApiKeySummary\n        }\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').RevokeApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      __typename\n      ... on SignInSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ... on SecondFactorRequired {\n        challengeToken\n        expiresAt\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').SignInDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CompleteSignIn($input: CompleteSignInInput!) {\n    completeSignIn(input: $input) {\n      __typename\n      ... on CompleteSignInSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n        recoveryCodesLeft\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').CompleteSignInDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Register($input: RegisterInput!) {\n    register(input: $input) {\n      __typename\n      ... on RegisterSuccess {\n        sentTo\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').RegisterDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation VerifyEmail($input: VerifyEmailInput!) {\n    verifyEmail(input: $input) {\n      __typename\n      ... on VerifyEmailSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').VerifyEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RefreshSession($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      __typename\n      ... on RefreshSessionSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').RefreshSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SignOut {\n    signOut {\n      __typename\n      ... on SignOutSuccess {\n        signedOut\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').SignOutDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RequestPasswordReset($input: RequestPasswordResetInput!) {\n    requestPasswordReset(input: $input) {\n      __typename\n      ... on RequestPasswordResetSuccess {\n        sentTo\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').RequestPasswordResetDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResetPassword($input: ResetPasswordInput!) {\n    resetPassword(input: $input) {\n      __typename\n      ... on ResetPasswordSuccess {\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ... on SecondFactorRequired {\n        challengeToken\n        expiresAt\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').ResetPasswordDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StepUp($input: StepUpInput!) {\n    stepUp(input: $input) {\n      __typename\n      ... on StepUpSuccess {\n        provedUntil\n        recoveryCodesLeft\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').StepUpDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AcceptInvitation($input: AcceptInvitationInput!) {\n    acceptInvitation(input: $input) {\n      __typename\n      ... on AcceptInvitationSuccess {\n        organizationId\n        memberId\n        accessToken\n        accessExpiresAt\n        refreshToken\n        refreshExpiresAt\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').AcceptInvitationDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
