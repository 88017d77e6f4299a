// Package archive copies from a household's own recorder what the agent did not
// record itself: the time before it was there, and the time in which it was off.
//
// One Archive is one recorder. It measures the recorder's clock, asks which times
// the recorder has (that is announced, so that an officer sees it before anything is
// fetched), and plays back what a want is about and the spool has not got. What
// comes goes through the same writer as what cameras send.
//
// Recorders serve few sessions, and live recording comes first: an Archive has one
// playback at a time, and a refusal that may mean "full" (RTSP 453; 401 although the
// password is right) makes it wait, not fail. What was interrupted goes on where the
// spool's footage ends.
//
// # Times
//
// Three clocks are in play: ours, the recorder's, and the digits in which the
// recorder writes its clock down. A Source speaks of the recorder's clock in
// instants (a recorder in Vietnam whose clock is right is not seven hours ahead) and
// is the only one that knows of digits and zones. The Archive measures how far the
// recorder's clock is ahead, before each playback and at least every ten minutes, and
// translates there and back. Both stand in each segment: its true time, and the
// recorder's clock against ours with a bound.
package archive
