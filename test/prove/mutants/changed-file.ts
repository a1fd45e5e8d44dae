/** The variable by which the tests that judge a mutant are told the file it is in, from the root of the project. */
export const CHANGED_FILE = 'TENANTRY_CHANGED_FILE';
