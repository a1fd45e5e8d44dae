/** The workflows of a demo organization: small, different from each other, and all valid definitions. */
export interface DemoWorkflow {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly tasks: readonly Readonly<Record<string, object>>[];
  readonly cron?: string;
}

export const DEMO_WORKFLOWS: readonly DemoWorkflow[] = [
  {
    slug: 'welcome-a-customer',
    name: 'Welcome a customer',
    description: 'Greets, waits a day, asks how it goes.',
    tasks: [
      { greet: { call: 'http', with: { method: 'post', endpoint: 'https://mail.example.com/send', body: { template: 'welcome' } } } },
      { restADay: { wait: { days: 1 } } },
      { ask: { call: 'http', with: { method: 'post', endpoint: 'https://mail.example.com/send', body: { template: 'first-day' } } } },
    ],
    cron: '0 9 * * 1-5',
  },
  {
    slug: 'nightly-invoices',
    name: 'Nightly invoices',
    description: 'Collects what was used and writes the invoices.',
    tasks: [
      { collect: { call: 'http', with: { method: 'get', endpoint: 'https://billing.example.com/usage' } } },
      { each: { for: { each: 'customer', in: '.customers' }, do: [{ write: { set: { state: 'invoiced' } } }] } },
      { tell: { emit: { event: { with: { source: 'https://billing.example.com', type: 'invoices.written' } } } } },
    ],
    cron: '30 2 * * *',
  },
  {
    slug: 'approve-an-order',
    name: 'Approve an order',
    description: 'Small orders pass; large ones wait for somebody.',
    tasks: [
      { weigh: { switch: [{ small: { when: '.total < 1000', then: 'pass' } }, { large: { then: 'waitForApproval' } }] } },
      { waitForApproval: { listen: { to: { one: { with: { type: 'order.approved' } } } } } },
      { pass: { set: { state: 'approved' } } },
    ],
  },
  {
    slug: 'sync-contacts',
    name: 'Sync contacts',
    description: 'Fetches contacts and tries again when the other side is busy.',
    tasks: [
      {
        fetch: {
          try: [{ get: { call: 'http', with: { method: 'get', endpoint: 'https://contacts.example.com/changed' } } }],
          catch: { retry: { limit: { attempt: { count: 3 } } } },
        },
      },
      { store: { set: { state: 'stored' } } },
    ],
    cron: '*/15 * * * *',
  },
];

/** The definition of a demo workflow: a Serverless Workflow 1.0 document. */
export function definitionOf({ slug, tasks }: DemoWorkflow): Record<string, unknown> {
  return { document: { dsl: '1.0.0', namespace: 'demo', name: slug, version: '1.0.0' }, do: tasks };
}
