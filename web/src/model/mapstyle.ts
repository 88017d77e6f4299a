// The map's style, made of the hub's own roads: no tile, sprite or glyph from
// anywhere. The whole style is a function of what is shown; MapLibre finds the
// difference to the last one.
import type { Feature, FeatureCollection, Geometry } from "geojson";
import type { StyleSpecification } from "maplibre-gl";
import type { Camera, Road } from "../api/types";
import { cone, points, type Point } from "./geo";
import type { Standing } from "./span";

export type Scene = {
  roads: Road[];
  cameras: { camera: Camera; standing: Standing; chosen: boolean }[];
  stretch: Point[];
  dark: boolean;
};

type Palette = Record<"land" | "side" | "main" | "casing" | "middle" | "stretch" | "ink" | Standing, string>;

const light: Palette = {
  land: "#e9eee8",
  side: "#ffffff",
  main: "#fbf3dc",
  casing: "#a9b5ab",
  middle: "#d9a93a",
  stretch: "#0e7c86",
  ink: "#10302f",
  footage: "#0c8a6d",
  home: "#b7791f",
  recorder: "#a0563a",
  gap: "#6b7680",
  none: "#6d8390",
};

const dark: Palette = {
  land: "#141b1d",
  side: "#3a494d",
  main: "#57583f",
  casing: "#06090a",
  middle: "#a8924a",
  stretch: "#43c3c9",
  ink: "#e7f0ee",
  footage: "#3fd0a5",
  home: "#e6b050",
  recorder: "#e08a66",
  gap: "#93a0a8",
  none: "#7f97a3",
};

const big = ["motorway", "trunk", "primary", "secondary"];

const collection = (features: Feature[]): FeatureCollection => ({ type: "FeatureCollection", features });
const feature = (geometry: Geometry, properties: Record<string, unknown>): Feature => ({
  type: "Feature",
  geometry,
  properties,
});

export function mapStyle(scene: Scene): StyleSpecification {
  const p = scene.dark ? dark : light;
  const isBig: ["==", ["get", string], boolean] = ["==", ["get", "big"], true];
  const width = (main: number, side: number) =>
    ["interpolate", ["exponential", 1.6], ["zoom"],
      10, ["case", isBig, main * 0.6, side * 0.55],
      14, ["case", isBig, main * 1.3, side * 1.4],
      18, ["case", isBig, main * 5, side * 5]] as never; // the expression type cannot follow a spread of cases
  return {
    version: 8,
    sources: {
      roads: { type: "geojson", data: collection(scene.roads.map(roadFeature)) },
      stretch: {
        type: "geojson",
        data: collection(scene.stretch.length > 1 ? [feature({ type: "LineString", coordinates: scene.stretch }, {})] : []),
      },
      cones: { type: "geojson", data: collection(scene.cameras.map((c) => coneFeature(c, p))) },
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": p.land } },
      line("casing", "roads", { "line-color": p.casing, "line-width": width(9, 5) }),
      line("roads", "roads", { "line-color": ["case", isBig, p.main, p.side], "line-width": width(7, 3.4) }),
      line("middle", "roads", { "line-color": p.middle, "line-width": ["case", isBig, 1, 0], "line-dasharray": [6, 5] }),
      line("stretch-glow", "stretch", { "line-color": p.stretch, "line-width": 16, "line-opacity": 0.22 }),
      line("stretch", "stretch", { "line-color": p.stretch, "line-width": 4.5 }),
      {
        id: "cones",
        type: "fill",
        source: "cones",
        paint: { "fill-color": ["get", "colour"], "fill-opacity": ["case", ["get", "chosen"], 0.5, 0.26] },
      },
      line("cone-edges", "cones", {
        "line-color": ["get", "colour"],
        "line-width": ["case", ["get", "chosen"], 2.5, 1.2],
      }),
    ],
  };
}

function line(id: string, source: string, paint: object): StyleSpecification["layers"][number] {
  return { id, type: "line", source, paint, layout: { "line-cap": "round", "line-join": "round" } };
}

function roadFeature(road: Road): Feature {
  return feature({ type: "LineString", coordinates: points(road.line) }, { big: big.includes(road.class) });
}

function coneFeature(c: Scene["cameras"][number], p: Palette): Feature {
  return feature(
    { type: "Polygon", coordinates: [cone(c.camera.view)] },
    { colour: p[c.standing], chosen: c.chosen },
  );
}
