// MapLibre and nothing else: this file and its library are loaded when a case
// is opened. Text on the map is HTML (no glyphs from anywhere).
import { Map as MapLibre, Marker, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Camera, Position, Road } from "../api/types";
import { metreAt, stoneAt } from "../model/km";
import { bounds, placeAt, points } from "../model/geo";
import { place, type Box } from "../model/labels";
import { mapStyle, type Scene } from "../model/mapstyle";
import type { Standing } from "../model/span";
import { cameraMarker, labelOf, textMarker } from "./mapmarkers";
import "./map.css";

setWorkerUrl(worker);

type Calls = {
  onclick: (at: Position) => void;
  onchoose: (camera: string) => void;
  onready: () => void;
  onbroken: () => void;
  /** The name of the canvas for a screen reader. */
  label: string;
};

const rank = (e: HTMLElement) => (e.classList.contains("road") ? 0 : 1);

/** A square of the given size in the middle of a box. */
function shrunk(box: Box, size: number): Box {
  return { x: box.x + (box.width - size) / 2, y: box.y + (box.height - size) / 2, width: size, height: size };
}

export class RoadMap {
  private readonly map: MapLibre;
  private markers: Marker[] = [];
  private texts: Marker[] = [];
  private pin: Marker | null = null;
  private roads: Road[] | null = null;
  private loaded = false;
  private scene: Scene | null = null;

  constructor(
    private readonly element: HTMLElement,
    private readonly calls: Calls,
  ) {
    this.map = new MapLibre({
      container: element,
      style: mapStyle({ roads: [], cameras: [], stretch: [], dark: false }),
      center: [106.6, 22], // Lạng Sơn, until the roads are known
      zoom: 11,
      maxZoom: 19,
      attributionControl: false, // said by the pane, in the reader's language
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      locale: { "Map.Title": calls.label },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.on("click", (e) => calls.onclick({ lon: e.lngLat.lng, lat: e.lngLat.lat }));
    this.map.once("load", () => {
      this.loaded = true;
      if (this.scene) this.map.setStyle(mapStyle(this.scene), { diff: true });
      this.map.once("idle", () => calls.onready());
    });
    this.map.on("moveend", () => this.arrange());
    this.map.on("zoom", () => this.element.classList.toggle("near", this.map.getZoom() >= 15.5));
    this.map.on("webglcontextlost", () => calls.onbroken());
  }

  show(scene: Scene, words: (camera: Camera, standing: Standing) => string): void {
    this.scene = scene;
    if (this.loaded) this.map.setStyle(mapStyle(scene), { diff: true }); // before, there is nothing to differ from
    if (scene.roads !== this.roads) this.showTexts(scene.roads);
    this.markers.forEach((m) => m.remove());
    this.markers = scene.cameras.map((c) => {
      const element = cameraMarker(c.camera, c.standing, c.chosen, words(c.camera, c.standing), this.calls.onchoose);
      const { lon, lat } = c.camera.view.position;
      return new Marker({ element }).setLngLat([lon, lat]).addTo(this.map);
    });
    this.arrange();
  }

  private showTexts(roads: Road[]): void {
    this.roads = roads;
    this.texts.forEach((m) => m.remove());
    this.texts = [];
    const text = (kind: "road" | "km", words: string, road: Road, metres: number) => {
      const at = placeAt(road, metres);
      if (at) this.texts.push(new Marker({ element: textMarker(kind, words) }).setLngLat(at).addTo(this.map));
    };
    for (const road of roads) {
      const name = road.name || road.ref;
      // Several places for one name: arrange lets the first stand that has room.
      if (name) for (const part of [0.5, 0.3, 0.7, 0.15, 0.85]) text("road", name, road, road.length * part);
    }
    for (const road of roads) {
      if (!road.ref) continue; // kilometre stones stand on numbered roads
      const ends = [stoneAt(0, road.measure), stoneAt(road.length, road.measure)];
      for (let km = Math.ceil(Math.min(...ends) / 1000); km * 1000 <= Math.max(...ends); km++) text("km", String(km), road, metreAt(km * 1000, road.measure));
    }
  }

  /**
   * Lets stand what has room. A home whose button would lie under another's is
   * only a dot until one comes nearer; the timeline has all of them. Then come
   * the labels: the chosen home, roads, homes, kilometres.
   */
  private arrange(): void {
    const homes = this.markers.map((m) => m.getElement());
    homes.sort((a, b) => Number(b.classList.contains("chosen")) - Number(a.classList.contains("chosen")));
    const centres = homes.map((e) => shrunk(e.getBoundingClientRect(), 26));
    const apart = place(centres, [], 0);
    homes.forEach((e, i) => (e.inert = !apart[i]));
    const texts = this.texts.map((m) => m.getElement()).sort((a, b) => rank(a) - rank(b));
    const roads = texts.filter((e) => e.classList.contains("road"));
    const all = [...homes.slice(0, 1), ...roads, ...homes.slice(1), ...texts.slice(roads.length)];
    const labels = all.map(labelOf);
    const boxes = labels.map((l, i) => {
      const { x, y, width, height } = l.getBoundingClientRect();
      return { x, y, width, height, group: roads.includes(all[i]!) ? l.textContent : undefined };
    });
    const dots = centres.map((c) => shrunk(c, 10));
    const free = place(boxes, dots);
    labels.forEach((label, i) => label.classList.toggle("crowded", !free[i]));
  }

  /** A clicked place with its name, or null. */
  mark(at: Position | null, words = "A"): void {
    this.pin?.remove();
    this.pin = at ? new Marker({ element: textMarker("pin", words) }).setLngLat([at.lon, at.lat]).addTo(this.map) : null;
  }

  /** Brings a place into sight that is not. */
  reveal({ lon, lat }: Position): void {
    if (!this.map.getBounds().contains([lon, lat])) this.map.jumpTo({ center: [lon, lat] });
  }

  fit(roads: Road[], cameras: Camera[]): void {
    const homes = cameras.map((c) => [c.view.position.lon, c.view.position.lat] as [number, number]);
    const box = bounds(homes.length > 1 ? [homes] : roads.map((r) => points(r.line)));
    if (box) this.map.fitBounds(box, { padding: 46, maxZoom: 16, animate: false });
  }

  zoom(by: 1 | -1): void {
    this.map.zoomTo(this.map.getZoom() + by, { duration: 200 });
  }

  /** A place in client pixels, for tests that click the map. */
  project(lon: number, lat: number): { x: number; y: number } {
    const at = this.map.project([lon, lat]);
    const box = this.element.getBoundingClientRect();
    return { x: box.left + at.x, y: box.top + at.y };
  }

  remove(): void {
    this.map.remove();
  }
}
