// Step 1: Express alone, its sessions in this store.
import { announce } from "../shop/settings.js";
import { app } from "./express.js";
import { host, port } from "./sessions.js";

const server = app.listen(port, host, (error) => {
  if (error) throw error;
  announce(host, server.address().port);
});
