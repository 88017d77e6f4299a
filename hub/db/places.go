package db

import (
	"strconv"
	"strings"
)

// Places are n numbered arguments from $first on, as a list in a statement has them:
// "$3, $4, $5".
func Places(first, n int) string {
	var text strings.Builder
	for i := range n {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString("$" + strconv.Itoa(first+i))
	}
	return text.String()
}

// Values are the lists of a statement that writes many rows: "($1, $2), ($3, $4)".
func Values(rows, columns int) string {
	lists := make([]string, rows)
	for i := range lists {
		lists[i] = "(" + Places(1+i*columns, columns) + ")"
	}
	return strings.Join(lists, ", ")
}
