//go:build !race

package index_test

const historiesUsual = 10_000
