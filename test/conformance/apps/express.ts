// The Express store under express-session.
import { CyclicSessionStore } from "../../../src/express/index.js";
import type { Driver } from "../driver.js";
import { cookieFor, idInCookie, serveExpress } from "./express-app.js";

export const expressDriver: Driver = {
  name: "express",
  idIn: idInCookie,
  cookiesFor: cookieFor,
  rowOutlivesCookieBy: [0],
  cannot: {
    answerFailedSave:
      "express-session sends status, headers and all but the body's last byte before it saves",
    saveUnserializable: "express-session's own hash throws while the response ends, and the request hangs",
    withholdCookie: "express-session sends the cookie before it saves",
    bePassive: "express-session does not tell a store for which request it is called",
  },
  start(lab) {
    const store = new CyclicSessionStore(lab.options);
    return serveExpress(lab, {
      store,
      update: ({ sessionID }, change) => store.update(sessionID, change),
      close: () => store.close(),
    });
  },
};
