import { graphql } from './generated/gql.ts';

// Ready documents for scripts. A frontend writes its own, with the fields that its pages show.

graphql(`
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
`);

graphql(`
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
`);

graphql(`
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
`);

/** Who is calling, and the organizations to choose from. For any credential: it needs no permission. */
export const viewerQuery = graphql(`
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
`);

/** The organization that the client works in. */
export const organizationQuery = graphql(`
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
`);

/** A page of the workflows; `paginate` walks all of them. */
export const workflowsQuery = graphql(`
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
`);

/** A workflow with what it does and when. */
export const workflowQuery = graphql(`
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
`);

/** Makes a workflow. With an idempotencyKey it can be sent again without making a second one. */
export const createWorkflowMutation = graphql(`
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
`);

/** Changes a workflow. With expectedVersion it does not overwrite what somebody else changed meanwhile. */
export const updateWorkflowMutation = graphql(`
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
`);

/** Deletes a workflow for good. */
export const deleteWorkflowMutation = graphql(`
  mutation DeleteWorkflow($input: DeleteWorkflowInput!) {
    deleteWorkflow(input: $input) {
      __typename
      ... on DeleteWorkflowSuccess {
        workflowId
      }
      ...Failure
    }
  }
`);

/** Makes a workflow run by itself. */
export const createScheduleMutation = graphql(`
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
`);

/** A page of the members of the organization. */
export const membersQuery = graphql(`
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
`);

/** A page of the API keys that the caller may see. */
export const apiKeysQuery = graphql(`
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
`);

/** Makes an API key. Its secret is in this answer and never again. */
export const createApiKeyMutation = graphql(`
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
`);

/** Makes the successor of an API key, with the same rules. Its secret is in this answer and never again. */
export const rotateApiKeyMutation = graphql(`
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
`);

/** Takes an API key back for good. */
export const revokeApiKeyMutation = graphql(`
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
`);
