// Package road turns an OpenStreetMap extract into named roads with a metre
// measure, and answers which metres a camera sees. It reads only from the
// io.Reader that it is given, keeps no clock and starts nothing that outlives a call.
//
// # Roads
//
// Ways for vehicles (highway = motorway … service, track) become roads:
//
//   - Ways with the same first ref, or without a ref the same name, are one group.
//     Within a group they are cut where they meet and joined again, straightest
//     continuation first, into chains. The longest chain is the road; the others
//     (branches, second carriageways, another village's street of that name) are
//     roads with a suffix: "ql4a", "ql4a-2", …
//   - A way with neither is a road of its own, named by class and way: "service-4711".
//   - The zero is the end of the chain from which its oldest way (lowest OSM id) runs
//     forward, as drawn. Metres are great-circle lengths summed along the line.
//   - A RoadID is the ref or name without accents, in lower case. The same file gives
//     the same roads, measures and ids on every import, whatever its element order.
//
// # Directions
//
// Named places (nodes with place = city … locality) and destination tags tell where a
// road leads to: first what signs say, then the place at its end (within 2 km of a
// greater road's, 500 m of a lane's, and only when the way brings one nearer to it), the
// greatest place on the way, the greater road that it meets. A side road names that
// road first. Nothing is guessed: where none is known there is no name.
//
// # Geometry
//
// Distances of a few hundred metres are taken in a plane that touches the earth at the
// point asked about: x = R cos(lat) Δlon, y = R Δlat. At the latitudes of Lạng Sơn its
// error at 200 m is under a millimetre. A camera's view is a sector of a disc of at most
// half a turn, hence convex, and cuts a straight piece of road in one interval. Walls
// and hedges are not known and hide nothing.
package road
