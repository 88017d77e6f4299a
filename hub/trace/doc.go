// Package trace says which camera to look at next, and when: it follows one trip through
// a road network from an incident on, learns from each look, and keeps looking until all
// of the way is known. It is pure: no I/O, no clock, no chance but its seed.
//
// # Method
//
// What is known are the incident and the sightings. They cut the trip into pieces that,
// given them, do not depend on each other; each piece is a set:
//
//   - Ways are sampled: a destination is drawn by how much housing a road has and how
//     little the way so far speaks against it, and the way there is the cheapest on costs
//     that each sampled driver sees differently. Some go round by another place. Between
//     two sightings the ends are given, and so is the time.
//   - A hypothesis is a way driven in one manner: pace (log-normal about the mode's usual
//     speeds; learned from sighting to sighting), a stop, or the moment of departure,
//     which is spread over the incident's interval and, little, beyond it. It says when
//     each camera is passed, blurred by what is not known and by the camera's clock bound.
//     Turning at a junction takes its seconds.
//     This is how tracking over cameras that do not overlap models their travel times
//     (O. Javed, Z. Rasheed, K. Shafique, M. Shah, ICCV 2003; D. Makris, T. Ellis,
//     J. Black, CVPR 2004), with the road network in place of learned links.
//   - A look in vain weighs each hypothesis by the chance that its pass was missed (Bayes):
//     never zero, so that nothing is ruled out for good. "Cannot tell" is a look worth
//     less. Seconds without footage, or when the view was another, tell nothing.
//   - A set holds back some belief for trips that no way foresees, more as its ways fail.
//     It is spread over the network-time prism: all that can be reached in time between
//     the anchors (T. Hägerstrand, Papers of the Regional Science Association 24, 1970;
//     B. Kuijpers, W. Othman, International Journal of Geographical Information Science
//     23(9), 2009). Last, a little lies on every covered second.
//
// What comes of it are expected passes by camera and bin of two seconds. A proposal is
// the clip with the most expected detections for its seconds, which is the order in which
// search theory spends effort on a target that a look may miss (B. O. Koopman, Operations
// Research 4-5, 1956-57; L. D. Stone, Theory of Optimal Search, 1975). As looks wear down
// what is likely, the prism comes up, and then the rest: a suspect is never lost, only dear.
//
// Branches and reasons are read from the sets when somebody asks. A set keeps of its
// ways only what is seen of them; ways for branches are drawn anew.
//
// # Units
//
// Times within are seconds from the window's start, lengths metres, speeds km/h, headings
// degrees from true north; probabilities are 0 to 1, expected passes any number above 0.
// Cost of a way is seconds, with dislikes on top where it is chosen.
//
// # The same again
//
// The same network, question, seed and marks give the same answers; the order of looks
// matters by rounding only. Undo takes a mark back as if it had never been made: looks
// are weighed anew from the start, and sets come from the seed and the sightings beside
// them.
//
// # Concurrency
//
// A Network never changes and is shared. A Trace belongs to one goroutine at a time:
// what only asks, too, uses its trees.
//
// # What it does not know
//
// Turn restrictions, traffic, gradients, night, walls before a camera. Who evades on
// purpose, or changes the vehicle, is found by the prism and the rest alone. Sightings are
// taken for true, and a false one misleads until it is withdrawn: Mark tells when one does
// not fit the others, and counts it all the same. Two passes that follow each other at a
// camera within seconds are one. Of a clip in which somebody was seen all that was watched
// counts: the trip came by then, and not at any other time of it.
package trace
