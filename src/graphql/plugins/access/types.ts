import type { FieldNullability, InputFieldMap, SchemaTypes, TypeParam } from '@pothos/core';
import type { Permission } from '../../../kernel/permissions.ts';
import type { Principal } from '../../../kernel/principal.ts';
import type { AccessPlugin } from './index.ts';

/**
 * Who may reach a type or field.
 * - `public`: anybody, signed in or not.
 * - `authenticated`: anybody signed in.
 * - `member`: anybody signed in, in an organization.
 * - a permission: whoever has it in the organization of the request.
 */
export type Access = 'public' | 'authenticated' | 'member' | Permission;

export interface AccessOptions<Context> {
  readonly principal: (context: Context) => Principal | null;
  /** Looks the caller up again. Called before every root field of a mutation but public ones. */
  readonly renew?: (context: Context) => Promise<void>;
  /** What time it is: a field with `stepUp` asks whether the caller's proof is recent enough. */
  readonly now: (context: Context) => Date;
}

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      access: AccessPlugin<Types>;
    }

    export interface SchemaBuilderOptions<Types extends SchemaTypes> {
      access: AccessOptions<Types['Context']>;
    }

    export interface BaseTypeOptions<Types extends SchemaTypes = SchemaTypes> {
      /** Who may see objects of this type, on whichever way they are reached. Every object type declares it. */
      access?: Access;
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
      /** Who may read this field. Every root field declares it; elsewhere it stands in place of the type's own. */
      access?: Access;
      /** Whether the caller must have proved lately to be there: for what cannot be taken back, and for what guards the person. */
      stepUp?: boolean;
    }
  }
}
