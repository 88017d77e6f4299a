//go:build race

package index_test

// historiesUsual is fewer where each takes four times as long; make test runs all of
// them without the race detector as well.
const historiesUsual = 1_500
