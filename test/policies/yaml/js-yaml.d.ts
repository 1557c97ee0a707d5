/** The part of js-yaml that reads a text a second time. */
declare module "js-yaml" {
  interface Tag {
    readonly tagName: string;
  }
  interface Schema {
    withTags(...tags: readonly Tag[]): Schema;
  }
  export const FAILSAFE_SCHEMA: Schema;
  export const mergeTag: Tag;
  export const nullCoreTag: Tag;
  export const realMapTag: Tag;
  export function load(input: string, options: { readonly schema: Schema }): unknown;
  export class YAMLException extends Error {
    readonly reason: string;
  }
}
