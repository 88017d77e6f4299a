// Package spool is the household's ring of closed segments: they are kept until
// the hub has what it needs of them, and after that for as long as there is room.
// It uses only the standard library and knows nothing of what is in a file.
//
//	<dir>/journal.jsonl               what is known: one fact a line, checksummed
//	<dir>/segments/<camera>/*.mp4     committed files, named by camera.Key
//	<dir>/segments/<camera>/*.part    files that are being written
//	<dir>/quarantine/                 what recovery could not explain
//
// A segment becomes durable in this order:
//
//  1. its bytes are written to a .part file; each Write is synced, the first one
//     with the folder, so that a power cut costs only what was not yet written;
//  2. an intent with the whole fingerprint is appended to the journal and synced;
//  3. the .part file is renamed to its final name and the folder synced;
//  4. the intent is confirmed in the journal (no sync: 2 and 3 suffice).
//
// A crash before 3 leaves a .part file: recovery asks Salvage how much of it is
// whole, cuts it there and makes a segment of it. A crash after 3 leaves an intent
// whose file is there: recovery compares its hash and keeps it. Files of confirmed
// segments are compared by size only, so that a start takes seconds. A file under
// a final name that the journal does not know is kept if Salvage finds it whole:
// a lost journal does not lose the footage.
//
// After a failed write or sync nobody knows what the disk holds; the journal is
// then rewritten from memory to a new file before anything else is appended.
//
// When room is needed, what the hub has or refused leaves first, then copies from
// the household's recorder, which may still have them, then what the hub need not
// have by the policy (free footage), and only then what it still waits for; each
// oldest first. A copy pushes nothing out that the hub waits for. What a want holds
// never leaves: when nothing else is left, Create is refused with ErrHeld. Days
// bound all but what the hub waits for and what is held. Footage that leaves and
// that the hub has not got leaves a gap: overwritten when it was free or a copy,
// else disk.
package spool
