// Administration of a store's table and of all its sessions: what stands behind the command line, for programs.
export { SessionStoreError, type SessionStoreOptions } from "../core/doors.js";
export {
  createTableInput,
  type TableDefinition,
  type TableProtection,
  tableDefinition,
} from "./definition.js";
export { type PolicyFeature, type TablePermissions, tablePermissions } from "./policy.js";
