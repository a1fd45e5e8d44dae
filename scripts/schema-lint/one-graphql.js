import { registerHooks } from 'node:module';

// The linter's plugin works with graphql 16; the loaders it shares with the rest of the project would bring 17 along,
// and two copies do not know each other's classes. In this process there is one.
const here = import.meta.url;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'graphql' || specifier.startsWith('graphql/') ? next(specifier, { ...context, parentURL: here }) : next(specifier, context),
});
