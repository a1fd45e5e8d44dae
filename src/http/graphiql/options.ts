import type { GraphiQLOptions } from 'graphql-yoga';
import { EXAMPLE_TABS } from './tabs.ts';

/** Three walls around one room. */
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="30" height="30">
<rect x="2" y="2" width="28" height="28" rx="7" fill="none" stroke="#0f766e" stroke-width="2.5"/>
<rect x="7" y="7" width="18" height="18" rx="4.5" fill="none" stroke="#14b8a6" stroke-width="2.5"/>
<rect x="12" y="12" width="8" height="8" rx="2" fill="#0f766e"/></svg>`;

/** How the page looks and what it opens with. */
export const GRAPHIQL_OPTIONS: GraphiQLOptions = {
  title: 'Tenantry',
  logo: LOGO,
  favicon: `data:image/svg+xml;base64,${Buffer.from(LOGO).toString('base64')}`,
  defaultQuery: EXAMPLE_TABS[0]!.query,
  defaultTabs: EXAMPLE_TABS,
  headers: EXAMPLE_TABS[0]!.headers,
  // So that a key need not be put in again after each reload. The page is for trying things out, and off in production.
  shouldPersistHeaders: true,
};
