import { type Variable, variables } from './variables.ts';

/** A row of README's table of variables. */
export interface VariableDescription {
  readonly name: string;
  /** The value itself, or in words when it depends on something; empty for none. */
  readonly default: string;
  readonly description: string;
}

const entries = (): [string, Variable][] => Object.entries(variables);

/** Every variable with its default and meaning, in the order in which people read them. */
export const describeVariables = (): VariableDescription[] =>
  entries().map(([name, variable]) => ({
    name,
    default: variable.defaultInWords ?? variable.default ?? '',
    description: variable.description,
  }));

const exampleOf = ([name, variable]: [string, Variable]): string => {
  const fallback = variable.defaultInWords === undefined ? '' : ` Default: ${variable.defaultInWords}.`;
  return `# ${variable.description}${fallback}\n#${name}=${variable.default ?? ''}\n`;
};

/** The text of `.env.example`: every variable with its default, commented out. */
export const exampleEnvironment = (): string =>
  ['# Copy to .env and take the # away from what you change; everything has a default that runs.\n']
    .concat(entries().map(exampleOf))
    .join('\n');
