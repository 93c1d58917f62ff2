package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/zarr"
)

// A Verifier holds what lies in a store against its records and its metadata.
type Verifier struct {
	Objects core.ObjectStore
	URL     string
	Group   *zarr.Group // the group of the arrays
	Name    string      // its path
	Made    Origin
	SetUp   []string // arrays that set-up wrote whole: axes, and coordinates of a compact store
	Deep    bool     // read every object and compare checksums, not only sizes
	// Cells are what the coordinates of a compact store have of a shard (core.Grid); nil: no others than the records' are compared.
	Cells func(ctx context.Context, shard core.ShardKey) ([]core.Column, error)
}

// A Fault is one thing that is not as it should be.
type Fault struct {
	Shard  string `json:"shard,omitempty"` // label of the shard that it is of; "": of the store
	Object string `json:"object"`          // path below the store, or of a record beside it
	Reason string `json:"reason"`
	Stray  bool   `json:"stray,omitempty"`  // an object that nothing names
	SetUp  bool   `json:"set_up,omitempty"` // set-up wrote it: the run that made the store makes it anew
}

// Verified is what a Verifier found.
type Verified struct {
	Shards  int     `json:"shards"`  // that have a record
	Objects int     `json:"objects"` // that records name
	Bytes   int64   `json:"bytes"`   // of them
	Faults  []Fault `json:"faults"`  // by object
	// Unopened: the metadata are too damaged to open the store. Only what set-up wrote was looked at, and the numbers are 0.
	Unopened bool `json:"unopened,omitempty"`
}

// verifiedAtOnce bounds the objects that are looked at at once.
const verifiedAtOnce = 16

// verifiedPiece is how many bytes of an object are read at once.
const verifiedPiece = 8 << 20

// Verify looks at everything. What cannot be looked at is an error, not a fault.
func (v *Verifier) Verify(ctx context.Context) (*Verified, error) {
	there := map[string]int64{}
	below := At(v.URL).Below()
	err := v.Objects.List(ctx, below, func(o core.ObjectInfo) error {
		there[strings.TrimPrefix(o.URL, below)] = o.Size
		return nil
	})
	if err != nil {
		return nil, NeedsList(err, "verify", v.URL, "what lies there cannot be told, and nothing was verified,")
	}
	c := &comparison{Verifier: v, there: there, named: map[string]string{}, placed: map[int64]bool{}}
	for _, step := range []func(context.Context) error{c.metadata, c.records, c.setUp, c.wroteBySetUp} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(c.found.Faults, func(f Fault) bool { return f.Object == document }) { // it says which groups there are
		c.findUnrecorded()
	}
	slices.SortFunc(c.found.Faults, func(a, b Fault) int { return strings.Compare(a.Object, b.Object) })
	return &c.found, nil
}

// Repair removes the records of shards with faults, damaged objects of the set-up, and objects that nothing names: the run that made
// the store then computes just those shards again, and makes anew what set-up wrote. It says how many shards that are. Other
// faults of the store itself stay.
func (v *Verifier) Repair(ctx context.Context, faults []Fault) (shards int, err error) {
	labels, strays := map[string]bool{}, []string{}
	for _, f := range faults {
		switch {
		case f.SetUp && strings.HasSuffix("/"+f.Object, "/"+document): // a run looks at its content
		case f.SetUp, f.Stray: // a run finds what is missing
			strays = append(strays, At(v.URL).Object(f.Object))
		case f.Shard != "" && !labels[f.Shard]:
			labels[f.Shard] = true
			if err := DeleteRecord(ctx, v.Objects, v.URL, f.Shard); err != nil {
				return 0, err
			}
		}
	}
	return len(labels), Delete(ctx, v.Objects, strays)
}

// A comparison is a Verify under way.
type comparison struct {
	*Verifier
	there  map[string]int64  // sizes of objects, by path below the store
	named  map[string]string // paths that something names, and the shard of those that a record does
	levels []string          // where coarser groups begin, which are made of this one and have no records

	mu     sync.Mutex
	done   []*Record // that have a place in a compact store, of each place one
	placed map[int64]bool
	found  Verified
}

func (c *comparison) fault(shard, object, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found.Faults = append(c.found.Faults, Fault{Shard: shard, Object: object, Reason: fmt.Sprintf(format, args...)})
}

// wroteBySetUp holds what set-up wrote against its record, if there is one. What that finds stands for what was found before.
func (c *comparison) wroteBySetUp(ctx context.Context) error {
	made, err := loadMade(ctx, c.Objects, c.URL)
	if made == nil || err != nil {
		return err
	}
	known := map[string]bool{}
	for _, o := range made.Objects {
		c.named[o.Path], known[o.Path] = "", true
	}
	c.found.Faults = slices.DeleteFunc(c.found.Faults, func(f Fault) bool { return known[f.Object] })
	faults, err := made.faults(ctx, c.Objects, c.URL, c.there, c.Deep)
	c.found.Faults = append(c.found.Faults, faults...)
	return err
}

// metadata holds the documents of arrays against the consolidated ones, which readers take in their place.
func (c *comparison) metadata(ctx context.Context) error {
	root, group := document, zarr.Join(c.Name, document)
	c.named[root], c.named[group] = "", ""
	for _, at := range []string{root, group} {
		doc, err := objstore.ReadAll(ctx, c.Objects, At(c.URL).Object(at), maxDocument)
		if err != nil {
			return err
		}
		var d struct {
			Attributes   json.RawMessage `json:"attributes"`
			Consolidated *struct {
				Metadata map[string]json.RawMessage `json:"metadata"`
			} `json:"consolidated_metadata"`
		}
		if err := json.Unmarshal(doc, &d); err != nil {
			c.fault("", at, "is not JSON: %v", err)
			continue
		}
		if at == root {
			for _, level := range LevelsOf(d.Attributes) {
				if level != c.Name {
					c.levels = append(c.levels, level+"/")
				}
			}
		}
		if d.Consolidated == nil {
			continue
		}
		for path, want := range d.Consolidated.Metadata {
			if err := c.document(ctx, strings.TrimPrefix(zarr.Join(strings.TrimSuffix(at, document), path, document), "/"), at, want); err != nil {
				return err
			}
		}
	}
	for _, m := range c.Group.Members() {
		c.named[zarr.Join(c.Name, m.Path, document)] = ""
	}
	return nil
}

func (c *comparison) document(ctx context.Context, path, consolidated string, want json.RawMessage) error {
	if path == zarr.Join(c.Name, document) || slices.Contains(c.levels, strings.TrimSuffix(path, document)) { // it has consolidated metadata of its own
		return nil
	}
	c.named[path] = ""
	doc, err := objstore.ReadAll(ctx, c.Objects, At(c.URL).Object(path), maxDocument)
	switch {
	case core.Is(err, core.NotFound):
		c.fault("", path, "is missing")
	case err != nil:
		return err
	case !sameJSON(doc, want):
		c.fault("", path, "is not what the metadata in %s says", consolidated)
	}
	return nil
}

// records holds the objects of every shard against its record.
func (c *comparison) records(ctx context.Context) error {
	labels, err := ListRecords(ctx, c.Objects, c.URL)
	if err != nil {
		return err
	}
	c.found.Shards = len(labels)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(verifiedAtOnce)
	for _, label := range labels {
		g.Go(func() error { return c.record(gctx, label) })
	}
	return g.Wait()
}

func (c *comparison) record(ctx context.Context, label string) error {
	at := strings.TrimPrefix(At(c.URL).Record(label), string(At(c.URL)))
	r, err := loadRecord(ctx, c.Objects, c.URL, label)
	if errors.Is(err, errSum) {
		c.fault(label, at, "%v", err)
		err = nil
	}
	switch {
	case core.Is(err, core.Corrupt) || core.Is(err, core.NotFound):
		c.fault(label, at, "%v", err)
		return nil
	case err != nil:
		return err
	case r.ConfigHash != c.Made.ConfigHash:
		c.fault(label, at, "is of another configuration: %s, the store's is %s", short(r.ConfigHash), short(c.Made.ConfigHash))
	case !sameJSON(r.Signature, c.Made.GridSignature):
		c.fault(label, at, "is of another grid: %s", compact(r.Signature))
	}
	if r.Block != nil {
		c.mu.Lock()
		if _, twice := c.placed[*r.Block]; !twice { // in another window
			c.placed[*r.Block] = true
			c.done = append(c.done, r)
		}
		c.mu.Unlock()
	}
	for _, o := range r.Objects {
		if err := c.object(ctx, label, o); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) object(ctx context.Context, label string, o Object) error {
	c.mu.Lock()
	other, twice := c.named[o.Path]
	c.named[o.Path] = label
	c.found.Objects++
	c.found.Bytes += o.Size
	c.mu.Unlock()
	if twice {
		c.fault(label, o.Path, "is also named by shard %s", other)
		return nil
	}
	reason, err := objectFault(ctx, c.Objects, c.URL, o, c.there, c.Deep)
	if reason != "" {
		c.fault(label, o.Path, "%s", reason)
	}
	return err
}

// objectFault is what is wrong with an object that was written; "" if nothing is. sizes are the store's objects by path, nil: it is
// asked for; deep looks at its content.
func objectFault(ctx context.Context, objects core.ObjectReader, url string, o Object, sizes map[string]int64, deep bool) (string, error) {
	size, ok := sizes[o.Path]
	if sizes == nil {
		info, err := objects.Stat(ctx, At(url).Object(o.Path))
		if err != nil && !core.Is(err, core.NotFound) {
			return "", err
		}
		size, ok = info.Size, err == nil
	}
	switch {
	case !ok:
		return "is missing", nil
	case size != o.Size:
		return fmt.Sprintf("has %d bytes, and had %d when it was written", size, o.Size), nil
	case !deep:
		return "", nil
	}
	sum, err := objectSum(ctx, objects, url, o)
	if err == nil && sum != o.SHA256 {
		return fmt.Sprintf("has other content than was written (SHA-256 %s, was %s)", short(sum), short(o.SHA256)), nil
	}
	return "", err
}

// objectSum is the SHA-256 of an object.
func objectSum(ctx context.Context, objects core.ObjectReader, url string, o Object) (string, error) {
	h := sha256.New()
	for at := int64(0); at < o.Size; at += verifiedPiece {
		data, err := objects.ReadRanges(ctx, At(url).Object(o.Path), []core.Range{{Offset: at, Length: min(verifiedPiece, o.Size-at)}})
		if err != nil {
			return "", err
		}
		h.Write(data[0])
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// setUp looks for every object of the arrays that set-up wrote, which are in no record.
func (c *comparison) setUp(ctx context.Context) error {
	for _, name := range c.SetUp {
		array, err := c.Group.Array(ctx, name)
		if err != nil {
			c.fault("", zarr.Join(c.Name, name, document), "%v", err)
			continue
		}
		for block := range blocksOf(array.Blocks()) {
			path := zarr.Join(c.Name, name, array.Key(block))
			c.named[path] = ""
			if _, ok := c.there[path]; !ok {
				c.fault("", path, "is missing")
				continue
			}
			if err := c.block(ctx, array, block, path); err != nil {
				return err
			}
		}
	}
	return nil
}

// block reads an object of an array that set-up wrote. The grid says what coordinates are.
func (c *comparison) block(ctx context.Context, array *zarr.Dataset, block []int64, path string) error {
	if !c.Deep {
		return nil
	}
	column, err := array.ReadBlock(ctx, block)
	if core.Is(err, core.Corrupt) {
		c.fault("", path, "%v", err)
		return nil
	}
	if err != nil || c.Cells == nil || len(block) != 1 {
		return err
	}
	first := block[0] * array.Shard[0]
	for _, r := range c.done {
		cells, err := c.Cells(ctx, r.ShardKey)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(cells, func(cell core.Column) bool { return cell.Name == array.Name })
		if i < 0 {
			return nil // an axis
		}
		want := cells[i].Data
		width := int64(array.Type.Size())
		from := *r.Block*int64(len(want)) - first*width
		if from < 0 || from >= int64(len(column.Data)) {
			continue // in another object
		}
		if !bytes.Equal(column.Data[from:min(from+int64(len(want)), int64(len(column.Data)))], want) {
			c.fault("", path, "does not have the cells of shard %s", r.Label)
		}
	}
	return nil
}

// blocksOf visits the positions in a box, in C order.
func blocksOf(shape []int64) func(yield func([]int64) bool) {
	return func(yield func([]int64) bool) {
		at := make([]int64, len(shape))
		if slices.Contains(shape, 0) {
			return
		}
		for {
			if !yield(slices.Clone(at)) {
				return
			}
			i := len(at) - 1
			for ; i >= 0; i-- {
				if at[i]++; at[i] < shape[i] {
					break
				}
				at[i] = 0
			}
			if i < 0 {
				return
			}
		}
	}
}

// findUnrecorded are what is left: what readers take for data and no shard that is done has written.
func (c *comparison) findUnrecorded() {
	for path := range c.there {
		_, ok := c.named[path]
		ok = ok || slices.ContainsFunc(c.levels, func(level string) bool { return strings.HasPrefix(path, level) })
		if doc := strings.HasSuffix(path, "/"+document) && !c.Group.Consolidated(); !ok && !doc {
			c.found.Faults = append(c.found.Faults, Fault{Object: path, Stray: true, Reason: "no record names it: what a run that was killed left of a shard, or a foreign object"})
		}
	}
}
