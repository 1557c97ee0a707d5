/** Where requests go when PRIVATE_HOSTS or ALLOW_LOOPBACK is set: to those hosts over any network, to all others over the public one. */
import { isLoopback } from "../../policies/fetch-target.ts";

interface Env {
  readonly PRIVATE_HOSTS: string | null;
  readonly ALLOW_LOOPBACK: string | null;
  readonly PUBLIC: Fetcher;
  readonly ANY: Fetcher;
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const { hostname } = new URL(request.url);
    const hosts = (env.PRIVATE_HOSTS ?? "").toLowerCase().split(/[\s,]+/);
    const isPrivate = hosts.includes(hostname) || (env.ALLOW_LOOPBACK === "true" && isLoopback(hostname));
    return (isPrivate ? env.ANY : env.PUBLIC).fetch(request);
  },
};
