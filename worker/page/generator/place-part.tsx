/** What the policy is called, where it goes, and what the workflow uses. */
import { POLICY_DIRECTORY, POLICY_SUFFIX } from "../../../policies/file-names.ts";
import type { PartProps } from "./part.ts";
import { TextField } from "./text-field.tsx";

export function PlacePart({ form, problems, change, isWorkflow }: PartProps & { readonly isWorkflow: boolean }) {
  return (
    <fieldset>
      <legend>What it is called</legend>
      <TextField
        label="Identity"
        hint={
          <>
            What the workload asks for, as release; the policy is{" "}
            <code>
              {POLICY_DIRECTORY}
              {form.identity || "release"}
              {POLICY_SUFFIX}
            </code>
          </>
        }
        value={form.identity}
        problem={problems.get("identity")}
        onChange={(identity) => change({ identity })}
      />
      <div class="pair">
        <TextField
          label="Default branch (optional)"
          hint="Policies are read from there"
          value={form.defaultBranch}
          fallback="main"
          problem={problems.get("defaultBranch")}
          onChange={(defaultBranch) => change({ defaultBranch })}
        />
        {isWorkflow && (
          <TextField
            label="Your copy of this service (optional)"
            hint="A repository as acme/octo-sts-edge, for the workflow to use its action"
            value={form.actionCopy}
            fallback="octo-sts/action is used"
            problem={problems.get("actionCopy")}
            onChange={(actionCopy) => change({ actionCopy })}
          />
        )}
      </div>
    </fieldset>
  );
}
