import type { GraphiQLOptions, GraphiQLRenderer } from 'graphql-yoga';

const headers = JSON.stringify({ Authorization: 'Bearer ' }, null, 2);

const ME = `# Who am I, and what may I do?
#
# Sign in first: put an API key into the "Headers" tab below,
#   { "Authorization": "Bearer tk_..." }
# The demo keys are in .data/demo.json. Then press the play button (Ctrl+Enter).
query Me {
  viewer {
    kind
    role
    permissions
    organization { id name slug plan }
  }
}
`;

const WORKFLOWS = `# A page of workflows with their tasks and schedules: one statement in the database.
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
        schedules(first: 5) { edges { node { cron timezone nextRunAt } } }
      }
    }
  }
}
`;

const CREATE = `# Makes a workflow. What can be expected to go wrong is part of the answer.
mutation CreateWorkflow($input: CreateWorkflowInput!) {
  createWorkflow(input: $input) {
    __typename
    ... on CreateWorkflowSuccess { workflow { id name slug currentVersion } }
    ... on Error { code message }
    ... on ValidationError { fields { path message } }
  }
}
`;

const CREATE_VARIABLES = {
  input: {
    name: 'Welcome a customer',
    definition: {
      document: { dsl: '1.0.0', namespace: 'demo', name: 'welcome', version: '1.0.0' },
      do: [{ greet: { set: { text: 'Hello' } } }, { rest: { wait: { minutes: 5 } } }],
    },
  },
};

const SIGN_IN = `# Sign in with a password instead: copy the access token into the "Headers" tab,
#   { "Authorization": "Bearer ta_..." }
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignInSuccess { accessToken accessExpiresAt }
    ... on Error { code message }
  }
}
`;

export const graphiqlOptions: GraphiQLOptions = {
  title: 'Tenantry',
  headers,
  shouldPersistHeaders: true,
  defaultQuery: ME,
  defaultTabs: [
    { query: ME, headers },
    { query: WORKFLOWS, headers },
    { query: CREATE, headers, variables: JSON.stringify(CREATE_VARIABLES, null, 2) },
    { query: SIGN_IN, variables: JSON.stringify({ input: { email: '', password: '' } }, null, 2) },
  ],
};

/** The page, from this server alone. Its script is 9 MB, so it is read when somebody first opens the page. */
export const renderGraphiQL: GraphiQLRenderer = async (options) => {
  const { renderGraphiQL: render } = await import('@graphql-yoga/render-graphiql');
  return render(options);
};
