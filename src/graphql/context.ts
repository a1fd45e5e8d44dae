import { UnauthenticatedError } from '../kernel/errors.ts';
import type { Origin } from '../kernel/origin.ts';
import { noTenant, type Principal } from '../kernel/principal.ts';
import type { ApiKeyService } from '../domains/api-keys/index.ts';
import type { AuthService } from '../domains/auth/index.ts';
import type { EventService } from '../domains/events/index.ts';
import type { MemberService } from '../domains/identity/index.ts';
import type { OnboardingService } from '../domains/onboarding/index.ts';
import type { InvitationService } from '../domains/invitations/index.ts';
import type { LifecycleService, OrganizationService } from '../domains/organizations/index.ts';
import type { SecondFactorService } from '../domains/second-factor/index.ts';
import type { PeopleService } from '../domains/people/index.ts';
import type { ServiceContext } from '../domains/service-context.ts';
import type { PlatformService } from '../domains/platform/index.ts';
import type { ScheduleService, WorkflowService } from '../domains/workflows/index.ts';
import type { CursorCodec } from './connections/cursor.ts';
import type { Loaders } from './loaders.ts';
import type { ViewerRateLimit } from './viewer/rate-limit.ts';

/** The use cases that resolvers may call. */
export interface Services {
  readonly auth: AuthService;
  readonly people: PeopleService;
  readonly secondFactors: SecondFactorService;
  readonly organizations: OrganizationService;
  readonly lifecycle: LifecycleService;
  readonly members: MemberService;
  readonly invitations: InvitationService;
  readonly apiKeys: ApiKeyService;
  readonly onboarding: OnboardingService;
  readonly platform: PlatformService;
  readonly workflows: WorkflowService;
  readonly schedules: ScheduleService;
  readonly events: EventService;
}

/** What the HTTP door lets a resolver do to the answer. */
export interface ResponseControls {
  /** Hands the session's tokens to a browser as HttpOnly cookies, or takes them away. */
  setSessionCookies(session: { accessToken: string; refreshToken: string; accessExpiresAt: Date; refreshExpiresAt: Date }): void;
  clearSessionCookies(): void;
  /** The refresh token that the browser sent, if any. */
  readonly refreshCookie: string | null;
}

/** Something that was done outside of any organization. */
export interface NotedAct {
  readonly mutation: string;
  /** Whose session it was about; null when that is not known. */
  readonly userId: string | null;
  /** Null when it was done. */
  readonly code: string | null;
}

/** One request, as resolvers see it. */
export interface GraphQLContext {
  readonly requestId: string;
  readonly userAgent: string | null;
  /** Who is calling; renewed before each mutation. */
  principal: Principal | null;
  /** Asks again who is calling: rights that were taken away while a request is answered end with it. */
  renewPrincipal(): Promise<void>;
  /** Where it comes from: written beside everything that is recorded of it. */
  readonly origin: Origin;
  readonly db: ServiceContext['db'];
  readonly events: ServiceContext['events'];
  readonly clock: ServiceContext['clock'];
  readonly accessChanged: ServiceContext['accessChanged'];
  readonly services: Services;
  readonly cursors: CursorCodec;
  /** Rows of a page at most. */
  readonly pageSizeMax: number;
  /** How the limits of the caller stand; null when there are none. Known before any resolver runs. */
  rateLimit: ViewerRateLimit | null;
  readonly loaders: Loaders;
  /** Aborted when a subscription ends; never for what is answered once. */
  ended: AbortSignal;
  /** Has the operator's log tell of something that is in no organization's. */
  note(act: NotedAct): void;
  readonly response: ResponseControls;
  /** False only in the tests that prove the other walls alone. */
  readonly schemaWall: boolean;
}

/** The organization of the request. Throws UNAUTHENTICATED or TENANT_CONTEXT_REQUIRED when there is none. */
export function orgIdOf(context: GraphQLContext): string {
  if (!context.principal) throw new UnauthenticatedError();
  if (!context.principal.tenant) throw noTenant(context.principal);
  return context.principal.tenant.orgId;
}

/** What a use case is given by a request of a signed-in caller. */
export function serviceContext(context: GraphQLContext): ServiceContext {
  if (!context.principal) throw new UnauthenticatedError();
  const { principal, origin, db, events, clock, accessChanged } = context;
  return { principal, origin, db, events, clock, accessChanged };
}
