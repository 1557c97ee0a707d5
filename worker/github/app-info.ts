/** `GET /app`: whether GitHub takes this App's key. For `/readyz`, and once for the link by which an App is installed. */
import { accept, type Result, refuse } from "../denial.ts";
import type { App } from "./app-jwt.ts";
import { type AppCallDeps, callAsApp } from "./as-app.ts";
import type { CallContext } from "./call.ts";
import { denialOf } from "./denials.ts";
import { type AppInfo, parseApp } from "./shapes.ts";

const ROUTE = "GET /app";

export async function getApp(deps: AppCallDeps, app: App, call: CallContext): Promise<Result<AppInfo>> {
  const { meaning } = await callAsApp(deps, { app, request: { route: ROUTE, retry: true }, tryOtherKey: true }, call);
  const info = meaning.kind === "success" ? parseApp(meaning.json) : undefined;
  return info === undefined ? refuse(denialOf(meaning, { route: ROUTE, appId: app.id })) : accept(info);
}
