// Package spool keeps closed segments on the household's disk until the hub has
// them, and after that for as long as there is room. It uses only the standard
// library.
//
//	<dir>/journal.jsonl               what is known: one fact a line, checksummed
//	<dir>/segments/<camera>/*.mp4     committed files, named by camera.Key
//	<dir>/segments/<camera>/*.part    files that are being written
//	<dir>/quarantine/                 what recovery could not explain
//
// A segment becomes durable in this order:
//
//  1. its bytes are written to a .part file, which is synced;
//  2. an intent with the whole fingerprint is appended to the journal and synced;
//  3. the .part file is renamed to its final name and the folder synced;
//  4. the intent is confirmed in the journal (no sync: 2 and 3 suffice).
//
// A crash before 2 or between 2 and 3 leaves a .part file: it is deleted, Commit
// never returned. A crash after 3 leaves an intent whose file is there: recovery
// compares its hash and keeps it. Files of confirmed segments are compared by
// size only, so that a start takes seconds.
//
// After a failed write or sync nobody knows what the disk holds; the journal is
// then rewritten from memory to a new file before anything else is appended.
package spool
