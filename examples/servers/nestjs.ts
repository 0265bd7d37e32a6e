// A NestJS application, with its Express adapter, whose visitors count their visits.
import "reflect-metadata";
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import { Controller, Get, Module, Session } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import session from "express-session";
import { announce, MAX_AGE, settings } from "../shop/settings.js";

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

const { table, secret, host, port } = settings(process.env);

const app = await NestFactory.create(VisitsModule, { logger: ["error", "warn"] });
const store = new CyclicSessionStore({ table: { name: table }, hashIds: true });
app.use(session({ store, secret, resave: false, saveUninitialized: false, cookie: { maxAge: MAX_AGE } }));

await app.listen(port, host);
announce(host, app.getHttpServer().address().port);
