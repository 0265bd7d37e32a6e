// Administration of a store's table and of all its sessions: what stands behind the command line, for programs.
export {
  type DestroyAllOptions,
  hashOfOwner,
  type SessionData,
  type SessionErrorCode,
  SessionStoreError,
  type SessionStoreOptions,
} from "../core/doors.js";
export { type CheckOptions, checkTable, type TableCheck } from "./check-table.js";
export { countSessions, type SessionCount } from "./count.js";
export { type CreatedTable, type CreateTableOptions, createTable, type Switched } from "./create-table.js";
export {
  createTableInput,
  type TableDefinition,
  type TableProtection,
  tableDefinition,
} from "./definition.js";
export { type DestroyedSessions, destroyAll, destroyAllOf } from "./destroy.js";
export { destroySession, findSession } from "./find.js";
export type { Finding, FindingCode } from "./findings.js";
export type { Bucket, Histogram } from "./histogram.js";
export { type ListedSession, type ListOptions, listSessions, sessionsOf } from "./list.js";
export { type MigrateOptions, migrate } from "./migrate/migrate.js";
export type { MigrationFailure, MigrationReport } from "./migrate/report.js";
export { type MigrationSource, SOURCES } from "./migrate/sources.js";
export type { OwnerSurvey } from "./owners.js";
export { isTransient } from "./patience.js";
export {
  PERMISSIONS,
  type Permissions,
  type PolicyFeature,
  type TablePermissions,
  tablePermissions,
} from "./policy.js";
export { DAYS_A_MONTH, PRICES, STORED_BYTES_PER_ROW } from "./prices.js";
export { type EndedSession, type StreamRecord, sessionEnded } from "./stream.js";
export { type MonthlyCost, type SessionSurvey, surveySessions, type TouchRate } from "./survey.js";
export type { Progress, WorkOptions } from "./work.js";
