/** Which view is shown: loads it, names it in title and navigation, tells it to who does not see, and says when it cannot be shown. */
import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Address, readAddress, writeAddress } from "./address.ts";
import type { Deployment } from "./deployment.ts";
import { announce } from "./parts/announce.ts";
import { Notice } from "./parts/notice.tsx";
import type { View, ViewProps } from "./view.ts";
import { VIEWS, WITHOUT_APP } from "./views.ts";

const HOME: Address = { view: "", state: new URLSearchParams() };

const addressNow = (): Address => readAddress(location.hash) ?? HOME;

export function Page({ deployment }: { readonly deployment: Deployment }) {
  const [address, setAddress] = useState(addressNow);
  useEffect(() => {
    const follow = () => setAddress((before) => readAddress(location.hash) ?? before);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const { view: name } = address;
  const setState = useCallback(
    (state: URLSearchParams) => {
      // A view that was left may still have something to say.
      if (addressNow().view !== name) return;
      history.replaceState(null, "", writeAddress({ view: name, state }));
      setAddress({ view: name, state });
    },
    [name],
  );
  const isWithoutApp = name === "" && deployment.state === "no_app";
  const view = isWithoutApp ? WITHOUT_APP : VIEWS.find((one) => one.name === name);
  if (view === undefined) return <NoSuchView />;
  return <Loaded view={view} props={{ deployment, state: address.state, setState }} />;
}

interface LoadedProps {
  readonly view: View;
  readonly props: ViewProps;
}

type Shown = { readonly view: View; readonly Content: ComponentType<ViewProps> } | { readonly failed: true };

/** The view before stays as it is until the next one is there, so that nothing jumps. */
function Loaded({ view, props }: LoadedProps) {
  const [shown, setShown] = useState<Shown>();
  const isFirst = useRef(true);
  const last = useRef(props);
  useEffect(() => {
    let isLeft = false;
    view.load().then(
      (module) => isLeft || setShown({ view, Content: module.default }),
      () => isLeft || setShown({ failed: true }),
    );
    return () => {
      isLeft = true;
    };
  }, [view]);
  useEffect(() => {
    if (shown === undefined) return;
    if ("view" in shown) present(shown.view, isFirst.current);
    isFirst.current = false;
  }, [shown]);
  if (shown === undefined) return null;
  if ("failed" in shown) return <CannotBeShown />;
  if (shown.view === view) last.current = props;
  return (
    <Boundary key={shown.view.name}>
      <shown.Content {...last.current} />
    </Boundary>
  );
}

/** A reader of screens hears where it is, and reads on from there; but not before anybody did anything. */
function present({ name, title }: View, isFirst: boolean): void {
  document.title = name === "" ? "Octo STS" : `${title} - Octo STS`;
  for (const link of document.querySelectorAll(".bar a")) {
    const isHere = link.getAttribute("href") === `/#/${name}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (isFirst) return;
  announce(title);
  scrollTo(0, 0);
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** A bug of one view leaves the others usable. */
class Boundary extends Component<{ readonly children: ComponentChildren }, { readonly failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? <CannotBeShown /> : this.props.children;
  }
}

/** A part of the page that is not there any more belongs to a version that was replaced meanwhile. */
function CannotBeShown() {
  return (
    <>
      <h1>This part of the page cannot be shown</h1>
      <Notice kind="bad">
        <p>It may have been replaced by a new version meanwhile.</p>
        <p>
          <button type="button" onClick={() => location.reload()}>
            Load the page again
          </button>
        </p>
      </Notice>
    </>
  );
}

function NoSuchView() {
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        The link is wrong, or older than this version. <a href="#/">Start here.</a>
      </p>
    </>
  );
}
