// All mutants of a run share a thread, and with it what is loaded there. One of what a module does when it is loaded, such
// as a table of constants, would not be met again: for it the modules are loaded anew.
import { inject, vi } from "vitest";

if (inject("mutantActivation") === "static") vi.resetModules();
