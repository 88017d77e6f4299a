// The shapes of the agent's API by the names the page uses.
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type State = Schemas["State"];
export type Step = State["step"];
export type Pairing = Schemas["Pairing"];
export type Search = Schemas["Search"];
export type Found = Schemas["Found"];
export type Recorder = Schemas["Recorder"];
export type Channel = Schemas["Channel"];
export type Camera = Schemas["Camera"];
export type View = Schemas["View"];
export type Position = Schemas["Position"];
export type Sight = Schemas["Sight"];
export type RoadMap = Schemas["Map"];
export type MapRoad = RoadMap["roads"][number];
export type Point = Schemas["Point"];
export type Aiming = Schemas["Aiming"];
export type Aim = Schemas["Aim"];
export type Consent = Schemas["Consent"];
export type Level = Schemas["ConsentLevel"];
export type Agreement = Schemas["Agreement"];
export type Receipt = Schemas["Receipt"];
export type Ask = Schemas["Request"];
export type Purpose = Ask["purpose"];
export type SelfTest = Schemas["SelfTest"];
export type TestLine = SelfTest["lines"][number];

export const purposes: readonly Purpose[] = ["criminal", "administrative", "missing", "emergency"];
