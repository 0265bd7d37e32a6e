// Administration of a store's table and sessions: `@cyclic.sh/session-store/admin`.
export {
  createTableInput,
  type TableDefinition,
  type TableProtection,
  tableDefinition,
} from "./definition.js";
export { type PolicyFeature, type TablePermissions, tablePermissions } from "./policy.js";
