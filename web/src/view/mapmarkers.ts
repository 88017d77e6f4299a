// HTML on the map: cameras as buttons with a wedge that looks where the camera
// looks, and texts. Labels hide by class "crowded" but keep their size.
import type { Camera } from "../api/types";
import type { Standing } from "../model/span";

const SVG = "http://www.w3.org/2000/svg";

export function cameraMarker(
  camera: Camera,
  standing: Standing,
  chosen: boolean,
  words: string,
  onchoose: (id: string) => void,
): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `camera ${standing}${chosen ? " chosen" : ""}`;
  button.dataset.mapCamera = camera.id;
  button.setAttribute("aria-label", words);
  button.setAttribute("aria-pressed", String(chosen));
  button.title = words;
  button.append(wedge(camera.view.heading, camera.view.fov), label(camera.label));
  button.addEventListener("click", (event) => {
    event.stopPropagation(); // or the map would take it for a point of the road
    onchoose(camera.id);
  });
  return button;
}

function wedge(heading: number, fov: number): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-16 -16 32 32");
  svg.setAttribute("aria-hidden", "true");
  const half = (Math.min(Math.max(fov, 30), 150) / 2) * (Math.PI / 180);
  const [x, y] = [14 * Math.sin(half), -14 * Math.cos(half)];
  const look = document.createElementNS(SVG, "path");
  look.setAttribute("d", `M0 0 L${-x} ${y} A14 14 0 0 1 ${x} ${y} Z`);
  look.setAttribute("transform", `rotate(${heading})`);
  look.setAttribute("class", "look");
  const dot = document.createElementNS(SVG, "circle");
  dot.setAttribute("r", "4.5");
  svg.append(look, dot);
  return svg;
}

function label(text: string): HTMLElement {
  const span = document.createElement("span");
  span.className = "label";
  span.textContent = text;
  return span;
}

export function textMarker(kind: "road" | "km" | "pin", words: string): HTMLElement {
  const box = document.createElement("div");
  box.className = `text ${kind}`;
  box.setAttribute("aria-hidden", "true"); // the same is said in the search form
  box.append(label(words));
  return box;
}

export function labelOf(marker: HTMLElement): HTMLElement {
  return marker.querySelector<HTMLElement>(".label") ?? marker;
}
