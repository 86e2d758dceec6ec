// Entry of the bundle: registers the component with Dash and starts MapLibre's worker early.
import { prewarm, setWorkerUrl } from "maplibre-gl";
import { PingqiMap } from "./component.ts";
import "./map.css";
import { registerProtocol } from "./tiles.ts";

const script = (document.currentScript as HTMLScriptElement).src;
// The worker lies beside this script and is built with it, so it carries the same fingerprint.
setWorkerUrl(script.replace("/pingqi_map.", "/maplibre-gl-worker.").replace(/\.js(?=$|\?)/, ".mjs"));
registerProtocol();
prewarm();

Object.assign(window, { "dashboard.map": { PingqiMap } });
