// A Polka server whose visitors count their visits.
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import session from "express-session";
import polka from "polka";
import { announce, MAX_AGE, settings } from "../shop/settings.js";

const { table, secret, host, port } = settings(process.env);

const app = polka();
const store = new CyclicSessionStore({ table: { name: table }, hashIds: true });
app.use(session({ store, secret, resave: false, saveUninitialized: false, cookie: { maxAge: MAX_AGE } }));
app.get("/", (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.end(`visit ${req.session.visits}`);
});

app.listen(port, host, () => announce(host, app.server.address().port));
