package home

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	camera "xulang.vn/camera"
)

// ReferenceLargest is the largest reference picture, in bytes.
const ReferenceLargest = 1 << 20

func (s *Store) references() string { return filepath.Join(s.dir, "reference") }

func (s *Store) reference(id camera.CameraID) (string, error) {
	if !id.Valid() { // it becomes a file name
		return "", camera.Errorf(camera.CodeNotFound, "reference picture: no camera id")
	}
	return filepath.Join(s.references(), string(id)+".jpg"), nil
}

// Reference is the picture that was accepted when the camera was aimed; without one
// CodeNotFound.
func (s *Store) Reference(id camera.CameraID) ([]byte, error) {
	file, err := s.reference(id)
	if err != nil {
		return nil, err
	}
	jpeg, err := s.disk.Read(file, ReferenceLargest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, camera.Errorf(camera.CodeNotFound, "reference picture of %s: none yet", id)
	}
	if err != nil {
		return nil, fmt.Errorf("read reference picture: %w", err)
	}
	return jpeg, nil
}

// SetReference keeps a picture, which the caller has found to be a JPEG; nil takes
// it away.
func (s *Store) SetReference(id camera.CameraID, jpeg []byte) error {
	file, err := s.reference(id)
	switch {
	case err != nil:
		return err
	case len(jpeg) > ReferenceLargest:
		return camera.Errorf(camera.CodeTooLarge, "reference picture of %d bytes, at most %d", len(jpeg), ReferenceLargest)
	case jpeg == nil:
		err = s.disk.Remove(file)
	default:
		err = s.disk.Write(file, jpeg)
	}
	if err != nil {
		return fmt.Errorf("write reference picture: %w", err)
	}
	return nil
}
