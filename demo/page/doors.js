// Above: which framework serves this page, and the way to the others, which serve the same session on other ports.
import { byId, element } from "./elements.js";

const TITLE = document.title;

/** Shows the frameworks; what is shown already stays, and so does the focus. */
export function showDoors({ framework, doors }) {
  const links = byId("doors");
  const shown = [...links.querySelectorAll("a")];
  if (shown.length === doors.length && shown.every(({ href }, index) => href === addressOf(doors[index])))
    return;
  document.title = `${framework}: ${TITLE}`;
  links.replaceChildren(
    ...doors.map((door) => {
      const link = element("a", { href: addressOf(door), textContent: door.framework });
      if (door.framework === framework) link.setAttribute("aria-current", "page");
      return element("li", {}, link);
    }),
  );
}

/** In front of the API's paths, the path by which this server sends a request on to that framework. */
export function pathOf(framework) {
  return `/${framework.toLowerCase()}`;
}

/** By the name that the browser has for this machine: the cookies are that name's. */
function addressOf({ port }) {
  const address = new URL("/", location.href);
  address.port = String(port);
  return address.href;
}
