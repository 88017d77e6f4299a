// Package setup serves the household's page on its own network: pair, find, choose,
// aim, consent, self-test, and afterwards pause, requests and leaving. The page
// itself is handed in; openapi.yaml says what it may ask.
//
// What was decided is in the book (agent/home), and the step that comes next is read
// from there: whatever ends this program, the page goes on where it was.
//
// Who may come in: an address of the own network (gate.go), with a Host header that
// no foreign name can have (DNS rebinding), for everything but the door with a
// session, which costs the code that was made at the installation.
//
// No password is in an answer, a log line or an error of this room: errors of the
// rooms that dial and of the hub's link are cut down to their code (hush).
package setup
