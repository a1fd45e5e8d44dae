// Makes a workflow, then lists all there are: npx node examples/script.ts [url apiKey]
import { createClient, createWorkflowMutation, expectSuccess, paginate, workflowsQuery } from '../src/sdk/index.ts';
import { endpoint } from './endpoint.ts';

const client = createClient(endpoint());

const definition = {
  document: { dsl: '1.0.0', namespace: 'examples', name: 'greet', version: '1.0.0' },
  do: [{ greet: { set: { greeting: 'Hello' } } }, { pause: { wait: { seconds: 5 } } }],
};
const input = { name: `Greet at ${new Date().toISOString()}`, definition };
const { createWorkflow } = await client.request(createWorkflowMutation, { input });
const { workflow } = expectSuccess(createWorkflow);
console.log(`Made ${workflow.slug}, version ${workflow.currentVersion}.`);

for await (const { name, status } of paginate(client, workflowsQuery, { first: 100 }, (data) => data.workflows)) {
  console.log(`${status.padEnd(8)} ${name}`);
}
