// The tools that the printed infrastructure is for, as `npm run fetch` brings them: CloudFormation's own validator, the
// parser of Terraform's language, and the AWS CDK.
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { extraFolder } from "../../scripts/extras.mjs";

const execute = promisify(execFile);
const FOLDER = extraFolder("iac-tools");
const requireTool = createRequire(join(FOLDER, "package.json"));

interface Diagnostic {
  readonly severity: string;
  readonly ruleId: string;
  readonly message: string;
}

interface Validator {
  readonly CompositeEngine: new () => {
    validateTemplate(template: object): { readonly diagnostics: readonly Diagnostic[] };
    free(): void;
  };
  readonly TemplateContent: new (text: string) => object;
}

/** Gives what AWS' validator finds wrong in each of some templates, by the schemas of the resources in them. */
export function validateTemplates(templates: readonly string[]): string[][] {
  // The CDK brings it along.
  const ofCdk = createRequire(requireTool.resolve("aws-cdk-lib/package.json"));
  const { CompositeEngine, TemplateContent }: Validator = ofCdk("@aws/cloudformation-validate");
  const engine = new CompositeEngine();
  try {
    return templates.map((text) =>
      engine
        .validateTemplate(new TemplateContent(text))
        .diagnostics.filter(({ severity }) => severity !== "INFO")
        .map(({ severity, ruleId, message }) => `${severity} ${ruleId} ${message}`),
    );
  } finally {
    engine.free();
  }
}

/** Parses YAML as the CDK does. */
export function parseYaml(text: string): unknown {
  const ofCdk = createRequire(requireTool.resolve("aws-cdk-lib/package.json"));
  const { parse }: { parse(text: string): unknown } = ofCdk("yaml");
  return parse(text);
}

/** Parses a Terraform configuration. */
export function parseHcl(text: string): Promise<unknown> {
  const { parse }: { parse(file: string, text: string): Promise<unknown> } = requireTool("@cdktf/hcl2json");
  return parse("sessions.tf", text);
}

/** A template as far as tests look into it. */
export interface Template {
  readonly Resources: Record<string, Resource>;
}

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Record<string, unknown>;
}

interface Cdk {
  readonly App: new (options: { outdir: string }) => object;
  readonly Stack: new (app: object, id: string) => object;
}

export interface CdkProject {
  /** What the compiler says of the sources. */
  compile(): Promise<string>;
  /** The template that the construct `Sessions` of one source becomes. */
  synthesize(name: string): Template;
  remove(): Promise<void>;
}

/** A project of TypeScript sources that use the CDK. */
export async function cdkProject(sources: Readonly<Record<string, string>>): Promise<CdkProject> {
  const folder = await mkdtemp(join(tmpdir(), "session-store-cdk-"));
  await symlink(join(FOLDER, "node_modules"), join(folder, "node_modules"), "dir");
  const compilerOptions = {
    strict: true,
    noUnusedLocals: true,
    noEmit: true,
    skipLibCheck: true,
    target: "ES2022",
    module: "NodeNext",
    types: [],
  };
  const files = Object.keys(sources).map((name) => `${name}.ts`);
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  for (const [name, source] of Object.entries(sources)) {
    await writeFile(join(folder, `${name}.ts`), source);
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
    });
    await writeFile(join(folder, `${name}.js`), outputText);
  }
  const requireHere = createRequire(join(folder, "package.json"));
  return {
    async compile() {
      const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
      try {
        await execute(process.execPath, [tsc, "-p", folder], { cwd: folder });
        return "";
      } catch (error) {
        return error instanceof Error && "stdout" in error ? String(error.stdout) : String(error);
      }
    },
    synthesize(name) {
      const { App, Stack }: Cdk = requireHere("aws-cdk-lib");
      const { Template }: { Template: { fromStack(stack: object): { toJSON(): Template } } } =
        requireHere("aws-cdk-lib/assertions");
      const { Sessions }: { Sessions: new (scope: object, id: string) => object } = requireHere(
        `./${name}.js`,
      );
      const stack = new Stack(new App({ outdir: join(folder, "out") }), "Stack");
      new Sessions(stack, "Sessions");
      return Template.fromStack(stack).toJSON();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
