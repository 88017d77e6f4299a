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
// # Walking
//
// Places where ways meet or end are vertices, the way between two of them is an edge,
// and an edge in one way of travel is an Arc: Out and In walk from vertex to vertex, with
// length, class, speed where the map says one, and the metres of the road. Arcs against a
// one-way street are there and not open.
//
// # Watching
//
// A Watch holds the views of all cameras through time. Each is turned once into the
// stretches and the directed edges that it sees; Along, Near and Route look them up in
// lists by road. A camera takes some 500 bytes.
//
// Coverage is counted in metres of road by the way of travel. Gap, Exit and Offer say
// what is missing. It all stands on views and roads as they were drawn: what hides behind
// a wall is taken for seen, a way that the map does not know is no exit.
//
// # Geometry
//
// Distances of a few hundred metres are taken in a plane that touches the earth at the
// point asked about: x = R cos(lat) Δlon, y = R Δlat. At the latitudes of Lạng Sơn its
// error at 200 m is under a millimetre. A camera's view is a sector of a disc of at most
// half a turn, hence convex, and cuts a straight piece of road in one interval. Walls
// and hedges are not known and hide nothing.
package road
