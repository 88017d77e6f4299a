// Short names for the generated types; the view and the model know only these.
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type User = Schemas["User"];
export type Role = Schemas["Role"];
export type NewUser = Schemas["NewUser"];
export type SetupRequest = Schemas["SetupRequest"];
export type NewHousehold = Schemas["NewHousehold"];
export type Household = Schemas["Household"];
export type Device = Schemas["Device"];
export type CameraHealth = Schemas["CameraHealth"];
export type SelfTest = Schemas["SelfTest"];
export type TestLine = Schemas["TestLine"];
export type Receipt = Schemas["Receipt"];
export type Consent = Schemas["Consent"];
export type ConsentLevel = Schemas["ConsentLevel"];
export type Invitation = Schemas["Invitation"];
export type Position = Schemas["Position"];
export type RoadList = Schemas["RoadList"];
export type Road = Schemas["Road"];
export type Measure = Schemas["Measure"];
export type Stretch = Schemas["Stretch"];
export type StretchLine = Schemas["StretchLine"];
export type View = Schemas["View"];
export type Seen = Schemas["Seen"];
export type Camera = Schemas["Camera"];
export type Case = Schemas["Case"];
export type NewCase = Schemas["NewCase"];
export type SearchRequest = Schemas["SearchRequest"];
export type SearchResult = Schemas["SearchResult"];
export type CameraAnswer = Schemas["CameraAnswer"];
export type Span = Schemas["Span"];
export type OwnerAsk = Schemas["OwnerAsk"];
export type RecorderClock = Schemas["RecorderClock"];
export type Activity = Schemas["Activity"];
export type Requested = Schemas["Requested"];
export type AuditRecord = Schemas["AuditRecord"];
