export { type Clearing, startCredentialClearing } from './clearing.ts';
export type { PeopleDependencies, SentTo } from './dependencies.ts';
export { checkPassword, type PasswordOwner } from './password.rules.ts';
export { createPeopleService, type PeopleService } from './people.service.ts';
export type { Profile } from './profile.ts';
