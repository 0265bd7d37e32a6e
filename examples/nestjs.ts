// A NestJS application, with its Express adapter, whose visitors count their visits.
import "reflect-metadata";
import type { Server } from "node:http";
import { CyclicSessionStore, type CyclicSessionStoreOptions } from "@cyclic.sh/session-store";
import { Controller, Get, Module, Session } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import session from "express-session";
import { sessionOptions } from "./visits.js";

@Controller()
class VisitsController {
  @Get()
  visit(@Session() visitor: { visits?: number }): string {
    visitor.visits = (visitor.visits ?? 0) + 1;
    return `visit ${visitor.visits}`;
  }
}

@Module({ controllers: [VisitsController] })
class VisitsModule {}

export async function start(options: CyclicSessionStoreOptions, port: number): Promise<Server> {
  const app = await NestFactory.create(VisitsModule, { logger: ["error", "warn"] });
  app.use(session({ ...sessionOptions, store: new CyclicSessionStore(options) }));
  await app.listen(port, "127.0.0.1");
  return app.getHttpServer();
}
