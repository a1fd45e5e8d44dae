// What a page of a frontend does: npx node examples/frontend-query.ts [url apiKey]
import { createClient, graphql } from '../src/sdk/index.ts';
import { endpoint } from './endpoint.ts';

const client = createClient(endpoint());

const WorkflowPage = graphql(`
  query WorkflowPage($first: Int!, $status: WorkflowStatus!) {
    organization { name }
    workflows(first: $first, filter: { status: { eq: $status } }, orderBy: { field: NAME, direction: ASC }) {
      edges { node { id name schedules(first: 1) { edges { node { cron } } } } }
    }
  }
`);
const RenameWorkflow = graphql(`
  mutation RenameWorkflow($input: UpdateWorkflowInput!) {
    updateWorkflow(input: $input) {
      ... on UpdateWorkflowSuccess { __typename workflow { name } }
      ... on ValidationError { __typename fields { path message } }
      ... on Error { __typename message }
    }
  }
`);

/** Every member of the result has its answer: a member that is forgotten does not compile. */
async function rename(id: string, name: string): Promise<string> {
  const { updateWorkflow: result } = await client.request(RenameWorkflow, { input: { id, name } });
  switch (result.__typename) {
    case 'UpdateWorkflowSuccess': return `Saved as ${result.workflow.name}.`;
    case 'ValidationError': return result.fields.map(({ path, message }) => `${path.join('.')} ${message}`).join(', ');
    case 'ConflictError': case 'NotFoundError': return `${result.message} Load the page again.`;
  }
}

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
const { organization, workflows } = await client.request(WorkflowPage, { first: 20, status: 'ACTIVE' });
const rows = workflows.edges.map(({ node }) => `  <li>${escape(node.name)} ${node.schedules.edges[0]?.node.cron ?? ''}</li>`);
console.log(`<h1>${escape(organization.name)}</h1>\n<ul>\n${rows.join('\n')}\n</ul>`);
console.log(`<p>${escape(await rename(workflows.edges[0]?.node.id ?? '', ''))}</p>`);
