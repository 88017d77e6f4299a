package index

import (
	"context"
	"fmt"
	"slices"
	"sync"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// coldMost is how many fingerprints of manifests are kept at hand: about 20 MB. An
// officer who looks at a clip asks for neighbours of what was asked for before.
const coldMost = 40_000

// cold holds the manifests that were read last.
type cold struct {
	mu    sync.Mutex
	list  []coldOne // the newest first
	facts int       // of all of them
}

type coldOne struct {
	name     ManifestName
	manifest pack.Manifest // never changed
}

func (c *cold) get(name ManifestName) (pack.Manifest, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.list, func(o coldOne) bool { return o.name == name })
	if i < 0 {
		return pack.Manifest{}, false
	}
	found := c.list[i]
	copy(c.list[1:i+1], c.list[:i])
	c.list[0] = found
	return found.manifest, true
}

// add keeps a manifest. It goes in place of an older generation of its hour, of which
// nobody will ask again.
func (c *cold) add(name ManifestName, m pack.Manifest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = slices.DeleteFunc(c.list, func(o coldOne) bool {
		old := o.name.Camera == name.Camera && o.name.Hour == name.Hour
		if old {
			c.facts -= len(o.manifest.Facts)
		}
		return old
	})
	c.list = slices.Insert(c.list, 0, coldOne{name, m})
	c.facts += len(m.Facts)
	for len(c.list) > 1 && c.facts > coldMost {
		last := len(c.list) - 1
		c.facts -= len(c.list[last].manifest.Facts)
		c.list[last] = coldOne{}
		c.list = c.list[:last]
	}
}

func (r *hourRow) manifestName() ManifestName {
	return ManifestName{Camera: r.Camera, Hour: r.Hour, Generation: r.Manifest, Root: r.Root}
}

// manifest gives a manifest that is as it was when its hour was folded. Nobody may
// change it. Errors are those of readManifest.
func (x *Index) manifest(ctx context.Context, name ManifestName) (pack.Manifest, error) {
	if m, ok := x.cold.get(name); ok {
		return m, nil
	}
	m, err := x.readManifest(ctx, name)
	if err == nil {
		x.cold.add(name, m)
	}
	return m, err
}

// readManifest reads and checks a manifest; CodeNotFound when there is none,
// CodeConflict when it is not the one that it is named as.
func (x *Index) readManifest(ctx context.Context, name ManifestName) (pack.Manifest, error) {
	body, err := x.objects.Get(ctx, name.String())
	if err != nil {
		return pack.Manifest{}, fmt.Errorf("read manifest %s: %w", name, err)
	}
	m, root, err := pack.DecodeManifest(body)
	switch {
	case err != nil:
		return pack.Manifest{}, camera.Errorf(camera.CodeConflict, "manifest %s is damaged: %w", name, err)
	case root != name.Root:
		return pack.Manifest{}, camera.Errorf(camera.CodeConflict, "manifest %s is damaged: its root is %s", name, root)
	case m.Camera != name.Camera || m.Hour != name.Hour:
		return pack.Manifest{}, camera.Errorf(camera.CodeConflict, "manifest %s is of hour %d of %s", name, m.Hour, m.Camera)
	}
	return m, nil
}
