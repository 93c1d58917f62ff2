package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

// Work names what is computed: the hex SHA-256 of what the store is laid out for and of each planned shard with its granules. Runs of the same work write the same bytes.
func (t *Template) Work(p *plan.Plan) string {
	h := sha256.New()
	io.WriteString(h, t.identity()+"\n")
	for i := range p.Shards {
		ids := make([]string, len(p.Shards[i].Granules))
		for k, g := range p.Shards[i].Granules {
			ids[k] = g.ID
		}
		io.WriteString(h, p.Shards[i].Label+" "+job.GranulesHash(ids)+"\n")
	}
	return hex.EncodeToString(h.Sum(nil))
}

// identity names what a store is laid out for: the hex SHA-256 of its metadata.
func (t *Template) identity() string {
	h := sha256.New()
	group, ok := withoutSpelling(t.group)
	if !ok {
		group = t.group
	}
	part := func(data []byte) { fmt.Fprintf(h, "%d\n%s", len(data), data) }
	part(group)
	for _, key := range t.Arrays() {
		part([]byte(key))
		part(t.docs[key])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A Stamp tells one set-up of a store from every other. The zero Stamp is of none.
type Stamp struct {
	etag     string
	modified time.Time
}

// Stamp is that of the set-up that the store has now.
func (t *Template) Stamp(ctx context.Context, objects core.ObjectReader, url string) (Stamp, error) {
	info, err := objects.Stat(ctx, At(url).Metadata(t.Group()))
	return Stamp{info.ETag, info.Modified}, err
}

// CheckUnchanged is an error (Invalid) if the store was deleted or set up anew since a Stamp was taken. The zero Stamp always holds.
func (t *Template) CheckUnchanged(ctx context.Context, objects core.ObjectReader, url string, was Stamp) error {
	if was == (Stamp{}) {
		return nil
	}
	now, err := t.Stamp(ctx, objects, url)
	if err != nil && !core.Is(err, core.NotFound) {
		return err
	}
	if err == nil && now.etag == was.etag && now.modified.Equal(was.modified) {
		return nil
	}
	if err == nil { // a run of the same work may have written the same once more
		var doc []byte
		doc, err = objstore.ReadAll(ctx, objects, At(url).Metadata(t.Group()), maxDocument)
		if err == nil && sameGroup(doc, t.group) {
			return nil
		}
		if err != nil && !core.Is(err, core.NotFound) {
			return err
		}
	}
	return core.Errorf(core.Invalid, "store", url, "it was deleted or set up anew by another run while this one was at work: what this one has computed does not count")
}
