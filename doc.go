// Package camera holds the words that the agent at a household and the hub of a
// commune both speak. It does no I/O and starts no goroutine.
//
// The life of a segment:
//
//	camera → ingest   access units with the agent's wall clock beside them
//	       → segment  a closed fMP4 file that starts on a key frame ([Segment])
//	       → spool    durable on the household's disk, hashed once while written
//	       → link     its fingerprint is announced; the hub acknowledges when durable
//	       → upload   a slot for exactly these bytes, then the bytes ([StateStored])
//	       → cases    an officer with an open case asks for a [Stretch] and a window
//	       → browser  one-minute links, after the look has been written to the audit
//
// Where there is no footage there is a [Gap], and a gap always has a cause.
// A camera is known by its household, serial and channel, never by an address
// ([NewCameraID]). Places are road and metres ([Stretch]), times are UTC.
package camera
