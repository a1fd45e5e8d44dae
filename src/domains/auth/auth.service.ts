import type { Clock } from '../../kernel/clock.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { HashCost } from '../../platform/crypto/passwords.ts';
import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import type { AccessChange } from '../service-context.ts';

export interface IssuedSession {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresAt: Date;
  readonly refreshExpiresAt: Date;
  readonly userId: string;
}
export interface AuthService {
  signIn(input: { email: string; password: string; userAgent?: string | null }): Promise<IssuedSession>;
  refresh(input: { refreshToken: string }): Promise<IssuedSession>;
  signOut(principal: Principal): Promise<void>;
  authenticate(token: string, organization: string | null): Promise<Principal>;
  forget(change: AccessChange): void;
  forgetAll(): void;
}
export interface AuthDependencies {
  readonly preTenant: PreTenantDatabase;
  readonly db: TenantClient;
  readonly clock: Clock;
  readonly accessFeed: { isListening(): boolean };
  readonly secretKey: string;
  readonly hashCost: HashCost;
  readonly session: { readonly accessMinutes: number; readonly refreshDays: number };
}
export declare function createAuthService(dependencies: AuthDependencies): AuthService;
