// Package home keeps what the household decided: networks, recorders with their
// passwords, chosen channels, views, consent with its receipts, answers.
//
// In the data folder:
//
//	home.json              the book (0600); whole or the one before, after any crash
//	home.key               32 random bytes (0600) that seal passwords and addresses in it
//	reference/<camera>.jpg the picture that was accepted when a camera was aimed
//
// Who has home.json alone has no password and no camera's address: both are sealed
// with XChaCha20-Poly1305. Who has both files has all of it: the key protects
// backups and copies of the book, not a stolen box.
//
// Every agent room may import it.
package home
