/** What the token is for: one repository, or several of an organization. */
import type { PartProps } from "./part.ts";
import { type FormWorkload, repositoryOf } from "./reading.ts";
import { TextField } from "./text-field.tsx";

export function TargetPart({
  form,
  problems,
  change,
  workload,
}: PartProps & { readonly workload: FormWorkload | undefined }) {
  const known = repositoryOf(workload);
  return (
    <fieldset>
      <legend>What the token is for</legend>
      <Reach isOrganization={form.isOrganization} onChange={(isOrganization) => change({ isOrganization })} />
      <div class="pair">
        <TextField
          label={form.isOrganization ? "Organization" : "Owner"}
          hint="The account on GitHub, as acme"
          value={form.owner}
          fallback={known.owner}
          problem={problems.get("owner")}
          onChange={(owner) => change({ owner })}
        />
        {form.isOrganization ? (
          <TextField
            label="Repositories"
            hint="Their names, as charts, docs; * for every one of them"
            value={form.repositories}
            problem={problems.get("repositories")}
            onChange={(repositories) => change({ repositories })}
          />
        ) : (
          <TextField
            label="Repository"
            hint="Its name, as app"
            value={form.repository}
            fallback={known.repository}
            problem={problems.get("repository")}
            onChange={(repository) => change({ repository })}
          />
        )}
      </div>
    </fieldset>
  );
}

interface ReachProps {
  readonly isOrganization: boolean;
  readonly onChange: (isOrganization: boolean) => void;
}

function Reach({ isOrganization, onChange }: ReachProps) {
  return (
    <div class="choices">
      <label>
        <input type="radio" name="for" checked={!isOrganization} onChange={() => onChange(false)} />
        <span>One repository, which holds the policy</span>
      </label>
      <label>
        <input type="radio" name="for" checked={isOrganization} onChange={() => onChange(true)} />
        <span>
          Repositories of an organization, whose <code>.github</code> holds it
        </span>
      </label>
    </div>
  );
}
