import type { FieldNullability, InputFieldMap, SchemaTypes, TypeParam } from '@pothos/core';
import type { TenantScopePlugin } from './index.ts';

/**
 * Whose data a type or root field deals with.
 * - `scoped`: one organization's, the one of the request.
 * - `global`: nobody's, or the caller's own person.
 * - `platform`: an organization's that need not be the one of the request: for the platform's administrators, and for an owner.
 */
export type TenantMode = 'scoped' | 'global' | 'platform';

export interface TenantScopeOptions<Context> {
  /** The organization of a request. Throws when there is none: a scoped field never runs without one. */
  readonly orgId: (context: Context) => string;
  /** False switches this wall off, to prove the other two alone. Production never does. Default: always on. */
  readonly enforced?: (context: Context) => boolean;
}

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      tenantScope: TenantScopePlugin<Types>;
    }

    export interface SchemaBuilderOptions<Types extends SchemaTypes> {
      tenantScope: TenantScopeOptions<Types['Context']>;
    }

    export interface BaseTypeOptions<Types extends SchemaTypes = SchemaTypes> {
      /** Whose data this type holds. Every object type declares it, or the schema does not build. */
      tenant?: TenantMode;
    }

    export interface FieldOptions<
      Types extends SchemaTypes = SchemaTypes,
      ParentShape = unknown,
      Type extends TypeParam<Types> = TypeParam<Types>,
      Nullable extends FieldNullability<Type> = FieldNullability<Type>,
      Args extends InputFieldMap = InputFieldMap,
      ResolveShape = unknown,
      ResolveReturnShape = unknown,
    > {
      /** Whose data this field deals with. Every root field declares it, or the schema does not build. */
      tenant?: TenantMode;
    }
  }
}
