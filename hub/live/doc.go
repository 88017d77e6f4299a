// Package live relays one publisher per camera to any number of viewers. It is
// the only room of the hub that knows pion, and it knows no HTTP: hub/api hands
// it the SDP texts of WHIP (RFC 9725) and WHEP requests.
//
// The life of a live view:
//
//	View      the first viewer of a camera makes a one-time token and has the
//	          agent told to publish ([Starter]); later viewers find the publisher
//	Publish   the agent comes with that token, its offer is answered
//	relay     RTP packets go from the publisher's track to a bounded queue per
//	          viewer; a viewer whose queue is full loses everything until the
//	          next key frame, the others lose nothing
//	Leave     or silence ends a viewer; Linger after the last one the agent is
//	          told to stop and the publisher is closed
//
// A new viewer first gets what came since the last key frame, with time stamps
// pressed together, so that its first picture does not wait for the next one.
//
// All peers share one UDP port and one TCP port (RFC 6544, passive). The hub is
// an ICE-lite agent (RFC 8445 §2.5): it answers checks and never sends one, so
// an offer cannot make it knock at addresses of the offerer's choice. There is
// no STUN or TURN server: both sides dial out to the hub. Answers carry all
// candidates, there is no trickle.
package live
