export { type AuthDependencies, type AuthService, createAuthService, type IssuedSession } from './auth.service.ts';
