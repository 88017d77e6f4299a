package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	camera "xulang.vn/camera"
)

// format is the number of how this program writes its data folder. It grows when an
// older program could not read what is written.
const format = 2

// checkFormat refuses a folder that a newer program has written, in words, before
// anything in it is touched; and notes the number for an older one that may come.
func checkFormat(dir string) error {
	file := filepath.Join(dir, "format")
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read format of data folder: %w", err)
	default:
		n, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return fmt.Errorf("read format of data folder: %s does not hold a number", file)
		}
		if n > format {
			return camera.Errorf(camera.CodeBadVersion,
				"data folder %s was written by a newer program (format %d, this one knows %d): install that version again; nothing was changed", dir, n, format)
		}
		if n == format {
			return nil
		}
	}
	if err := writeWhole(file, fmt.Appendf(nil, "%d\n", format)); err != nil {
		return fmt.Errorf("write format of data folder: %w", err)
	}
	return nil
}
