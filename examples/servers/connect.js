// A Connect server whose visitors count their visits.
import { createServer } from "node:http";
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import connect from "connect";
import session from "express-session";
import { announce, MAX_AGE, settings } from "../shop/settings.js";

const { table, secret, host, port } = settings(process.env);

const app = connect();
const store = new CyclicSessionStore({ table: { name: table }, hashIds: true });
app.use(session({ store, secret, resave: false, saveUninitialized: false, cookie: { maxAge: MAX_AGE } }));
app.use((req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.end(`visit ${req.session.visits}`);
});

const server = createServer(app).listen(port, host, () => announce(host, server.address().port));
