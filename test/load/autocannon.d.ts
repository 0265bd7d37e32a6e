// Types of autocannon, which ships none: the part that the load run uses.
declare module "autocannon" {
  interface Request {
    readonly headers?: Readonly<Record<string, string>>;
    /** Makes the next request of this. */
    setupRequest?(request: Request): Request;
    onResponse?(status: number, body: string): void;
  }

  /** One connection. */
  export interface Client {
    /** After so many requests it ends with an answer, and opens no further. May be set at any time. */
    responseMax?: number;
    setRequests(requests: readonly Request[]): void;
  }

  interface Options {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
    /** Seconds after which a request is given up. */
    readonly timeout: number;
    setupClient(client: Client): void;
  }

  interface Result {
    readonly requests: { readonly sent: number };
    readonly errors: number;
    readonly timeouts: number;
  }

  export default function autocannon(options: Options): Promise<Result>;
}
