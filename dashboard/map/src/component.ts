// The React side: one div for Dash, one controller for its life.
import type * as ReactTypes from "react";
import type { Props } from "./contract.ts";
import { MapController } from "./controller.ts";
import { texts } from "./locale.ts";

declare global {
  interface Window {
    React: typeof ReactTypes;
  }
}

export function PingqiMap(props: Props): ReactTypes.ReactElement {
  const { createElement, useEffect, useRef } = window.React;
  const element = useRef<HTMLDivElement>(null);
  const controller = useRef<MapController | null>(null);

  useEffect(() => {
    const container = element.current!;
    try {
      controller.current = new MapController(container, props);
    } catch (error) {
      const message = texts(props.lang).noWebgl;
      console.error(error);
      container.textContent = message;
      props.setProps?.({ failed: { message, at: Date.now() } });
    }
    return () => {
      controller.current?.remove();
      controller.current = null;
    };
  }, [props.interactive, props.lang]);

  useEffect(() => controller.current?.update(props));

  return createElement("div", {
    id: props.id,
    ref: element,
    className: props.className ? `pingqi-map ${props.className}` : "pingqi-map",
    style: props.style,
  });
}
