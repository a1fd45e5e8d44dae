/** The example operations that the page opens with: one tab each, named by the operation. */

const ME = `# Who am I, and what may I do here?
#
# Below, under "Headers", put an API key after
# "Bearer" (the server printed the demo keys when it
# started), then press the play button or Ctrl+Enter.
query Me {
  viewer {
    kind
    role
    organization { id name slug plan }
    permissions
  }
}
`;

const WORKFLOWS = `# A page of workflows, each with its tasks and
# schedules: one statement in the database.
# For the next page put endCursor into "after".
query Workflows($first: Int = 5, $after: String) {
  workflows(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      node {
        id
        name
        status
        createdBy { name role }
        tasks(first: 5) { edges { node { key type } } }
        schedules(first: 5) {
          edges { node { cron timezone nextRunAt } }
        }
      }
    }
  }
}
`;

const MEMBERS = `# Everybody in your organization, and nobody of any
# other. Take another demo key and look again.
query Members {
  members(first: 10) {
    edges { node { id name email role status } }
  }
  apiKeys(first: 10) {
    edges { node { id name prefix status } }
  }
}
`;

const CREATE = `# Makes a workflow. What can be expected to go wrong
# is part of the answer: press play twice to see it.
mutation CreateWorkflow($input: CreateWorkflowInput!) {
  createWorkflow(input: $input) {
    __typename
    ... on CreateWorkflowSuccess {
      workflow { id name slug currentVersion }
    }
    ... on Error { code message }
    ... on ValidationError { fields { path message } }
  }
}
`;

const CREATE_VARIABLES = {
  input: {
    name: 'Welcome a customer',
    slug: 'welcome-a-customer',
    definition: {
      document: { dsl: '1.0.0', namespace: 'demo', name: 'welcome', version: '1.0.0' },
      do: [{ greet: { set: { text: 'Hello' } } }, { rest: { wait: { minutes: 5 } } }],
    },
  },
};

const FOLLOW = `# What happens to workflows, as it happens. Press play
# here, then make a workflow in another tab of your
# browser; press it again to stop.
subscription Follow {
  workflowChanged {
    kind
    position
    at
    workflow { id name status currentVersion }
  }
}

# What has happened so far, who did it and when. What
# the server writes down itself needs audit:read.
query Log {
  events(first: 20) {
    head
    pageInfo { hasNextPage endCursor }
    edges {
      node { position type createdAt tags actor { kind } data }
    }
  }
}
`;

const SIGN_IN = `# Signs in with a password instead of a key, as the form
# below the editor does: gives this browser a session
# cookie; then leave "Bearer" without a key. SignOut in
# the play button's menu ends it.
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignInSuccess { accessToken accessExpiresAt }
    ... on SecondFactorRequired { challengeToken expiresAt }
    ... on Error { code message }
  }
}

mutation SignOut {
  signOut {
    __typename
    ... on SignOutSuccess { signedOut }
  }
}
`;

/** Nobody is asked for while no key is there, so that the documentation can be read before signing in. */
const headers = json({ Authorization: 'Bearer ' });

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

export const EXAMPLE_TABS = [
  { query: ME, headers },
  { query: WORKFLOWS, headers, variables: json({ first: 5 }) },
  { query: MEMBERS, headers },
  { query: CREATE, headers, variables: json(CREATE_VARIABLES) },
  { query: FOLLOW, headers },
  { query: SIGN_IN, headers, variables: json({ input: { email: 'owner@acme.example', password: '', cookie: true } }) },
];
