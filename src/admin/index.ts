// Administration of a store's table and of all its sessions: what stands behind the command line, for programs.
export {
  type DestroyAllOptions,
  hashOfOwner,
  type SessionData,
  type SessionErrorCode,
  SessionStoreError,
  type SessionStoreOptions,
} from "../core/doors.js";
export { countSessions, type SessionCount } from "./count.js";
export {
  createTableInput,
  type TableDefinition,
  type TableProtection,
  tableDefinition,
} from "./definition.js";
export { type DestroyedSessions, destroyAll, destroyAllOf } from "./destroy.js";
export { type ListedSession, type ListOptions, listSessions, sessionsOf } from "./list.js";
export { type MigrateOptions, migrate } from "./migrate/migrate.js";
export type { MigrationFailure, MigrationReport } from "./migrate/report.js";
export { type MigrationSource, SOURCES } from "./migrate/sources.js";
export { type PolicyFeature, type TablePermissions, tablePermissions } from "./policy.js";
export { type EndedSession, type StreamRecord, sessionEnded } from "./stream.js";
export type { Progress, WorkOptions } from "./work.js";
