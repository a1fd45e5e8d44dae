export { ConfigError } from './config-error.ts';
export { type Config, type Environment, readConfig, readProcessConfig } from './config.ts';
export { readOrCreateSecretKey } from './secret-key.ts';
export { describeVariables, exampleEnvironment } from './variables-text.ts';
