// Package path recovers a route from sightings: a handful of pictures with their times
// and the road graph give the most likely way through all of them, with a time and its
// uncertainty at every bend. It is pure: no I/O but to the writers that it is given, no
// clock, no chance.
//
// # Model
//
// A hidden Markov model, as map matching uses it (P. Newson, J. Krumm: "Hidden Markov map
// matching through noise and sparseness", ACM SIGSPATIAL 2009), with the inference of
// whole paths between sparse points of T. Hunter, P. Abbeel, A. Bayen ("The path
// inference filter", IEEE Transactions on Intelligent Transportation Systems 15(2), 2014):
//
//   - The first layer is the incident, each further one a sighting. States are places
//     every few metres on the arcs that the camera's view sees, in each way of travel;
//     around the incident, those near it. A camera that sees no road on the map stands
//     for the roads near its picture, or for a place without a road.
//   - Emission: the heading that was told against the road's there, the place in the
//     picture (near, in its middle), or the metres from the incident.
//   - Transition: the expected time of the cheapest way against the time between both,
//     log-normal and wider towards slow, with a heavy tail for stops; the bounds of both
//     clocks blur it, the interval of the incident leaves it open. A way that is dearer
//     than the cheapest from layer to layer is less likely, and so is turning back, a
//     one-way street the wrong way, or a stop where another way fits the time.
//   - Viterbi's path gives the place of each sighting. Between two of them a few ways are
//     found and weighed by time and directness; the best is drawn. Its probability is
//     its share among them times that of its ends, by forward and backward sums. Who
//     comes back past a camera has likely turned further on, as far as the time allows.
//   - Where no way fits, at a great but finite price, the chain goes on without: that leg
//     is Broken. A mark that contradicts all others costs two legs, not the route.
//
// Within a leg times follow the expected ones, stretched to fit. Their spread is that of
// the sightings at the ends, and greatest in between: see variance.
//
// # Work
//
// Ways are bounded by the time that they may take. One search settles at most 500,000
// arcs, a Recover 40 million; a leg that needed more is Broken.
//
// # Formats
//
// GeoJSON follows RFC 7946, GPX version 1.1 (https://www.topografix.com/GPX/1/1/).
package path
