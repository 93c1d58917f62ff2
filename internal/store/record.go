package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// recordSpec names the format of a Record.
const recordSpec = "zagg-record/1"

// maxRecord is the largest record that is read; an object takes about 150 bytes.
const maxRecord = 256 << 20

// A Record says that a shard is done. It is written last and deleted first: without it, what lies in the store of the shard does
// not count. Records of the same work differ in Receipt, How,
// Folded, NotFolded, Version, RunID and WrittenAt only.
type Record struct {
	Spec       string          `json:"spec"`
	ShardKey   core.ShardKey   `json:"shard_key"`
	Label      string          `json:"label"`
	Status     job.Status      `json:"status"`
	Signature  json.RawMessage `json:"grid_signature"`
	ConfigHash string          `json:"config_hash"`   // config.Config.SemanticHash
	Granules   string          `json:"granules_hash"` // job.GranulesHash
	Plan       string          `json:"plan"`          // job.PlanHash
	Block      *int64          `json:"block,omitempty"`
	Objects    []Object        `json:"objects"`           // in path order
	Missing    []string        `json:"missing,omitempty"` // granules that could not be read
	// Home are the granules whose rows without a position Receipt counts, sorted; each granule of a plan is in one record's.
	// nil: those of all granules that the job looked at, as records of earlier releases have it.
	Home       []string         `json:"home,omitzero"`
	Superseded []job.Superseded `json:"superseded,omitempty"` // left out for a granule that is at home here
	// Versions are those of the granules that were read, where their services tell. nil: not known, as in records of earlier releases.
	Versions []Version `json:"granules,omitempty"`
	How      string    `json:"how,omitempty"` // HowComputed or HowFolded; "": HowComputed, as records of earlier releases have it
	// Folded are the granules that were folded into what the store had of the others, append by append; nil: the shard was computed of
	// all granules at once. NotFolded is why it was, though the store had it of some of them.
	Folded    [][]string   `json:"folded,omitempty"`
	NotFolded string       `json:"not_folded,omitempty"`
	Receipt   job.Receipt  `json:"receipt"`
	Plugins   []job.Plugin `json:"plugins,omitempty"` // whose code computed it
	Version   string       `json:"zagg_version"`
	RunID     string       `json:"run_id,omitempty"`
	WrittenAt time.Time    `json:"written_at"` // UTC, whole seconds
}

// How a shard came to be.
const (
	HowComputed = "computed" // of all granules at once
	HowFolded   = "folded"   // of some at once, and then of others that were folded in
)

// Times is of the receipt what tells when the shard's observations were made: such receipts are added up (job.Receipt.Add).
func (r *Record) Times() *job.Receipt {
	return &job.Receipt{Observed: r.Receipt.Observed, Observations: job.Observations{Kept: r.Receipt.Observations.Kept}}
}

// A Version is which version of a granule was read, or of a file beside it.
type Version struct {
	ID      string `json:"id"`
	File    string `json:"file,omitempty"` // the name of a file beside the granule; "": the granule itself
	Address string `json:"address"`        // job.PlainAddress: without user and signature
	ETag    string `json:"etag,omitempty"`
	Size    int64  `json:"size"`
}

// Granulewise are the versions of granules themselves, without those of files beside them.
func (r *Record) Granulewise() []Version {
	return slices.DeleteFunc(slices.Clone(r.Versions), func(v Version) bool { return v.File != "" })
}

// Is reports whether a granule is still what it was: the same ETag at the same address, and the same size wherever it is.
func (v *Version) Is(address string, now core.ObjectInfo) bool {
	if etag := objstore.StrongETag(now.ETag); v.ETag != "" && etag != "" && job.PlainAddress(address) == v.Address {
		return v.ETag == etag
	}
	return v.Size <= 0 || now.Size <= 0 || v.Size == now.Size
}

// An Object is one object that the shard's job wrote.
type Object struct {
	Path   string `json:"path"` // below the store: "12/h_mean/c/40966"
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hex
}

// A Want is what a shard's record must say for the shard to need no work.
type Want struct {
	Signature  json.RawMessage
	ConfigHash string
	Plugins    []job.Plugin // those of ConfigHash, to say what differs
	Granules   string       // job.GranulesHash
	Plan       string       // job.PlanHash
	Block      *int64
	Home       []string // as Record.Home; nil: any will do
	Partial    bool     // a partial shard will do
}

// Matches reports whether the shard is done as wanted, and if not, why.
func (r *Record) Matches(w Want) (ok bool, reason string) {
	switch {
	case !sameJSON(r.Signature, w.Signature):
		return false, "the grid's signature differs"
	case r.ConfigHash != w.ConfigHash && job.PluginsDiffer(r.Plugins, w.Plugins) != "":
		return false, "it was computed with other plugins: " + job.PluginsDiffer(r.Plugins, w.Plugins)
	case r.ConfigHash != w.ConfigHash:
		return false, "the configuration differs: " + short(r.ConfigHash) + ", now " + short(w.ConfigHash)
	case r.Plan != w.Plan:
		return false, "the plan of shards differs: " + short(r.Plan) + ", now " + short(w.Plan)
	case (r.Block == nil) != (w.Block == nil) || r.Block != nil && *r.Block != *w.Block:
		return false, "the shard's place in the plan differs"
	case r.Granules != w.Granules:
		return false, "the set of granules differs"
	case !r.countsFor(w.Home):
		return false, "the granules at home in the shard differ"
	case r.Status == job.Partial && !w.Partial:
		return false, missed(len(r.Missing))
	}
	return true, ""
}

func missed(granules int) string {
	if granules == 1 {
		return "1 granule was missing"
	}
	return fmt.Sprintf("%d granules were missing", granules)
}

// countsFor reports whether the receipt has the rows without a position of these granules and of no other. A record that does not
// say of which it has them will do if it has none and is asked for none.
func (r *Record) countsFor(home []string) bool {
	switch {
	case home == nil:
		return true
	case r.Home == nil:
		return len(home) == 0 && r.Receipt.Observations.Dropped[job.DropCoordinates] == 0
	}
	return slices.Equal(r.Home, home)
}

func short(hash string) string {
	if hash == "" {
		return "none"
	}
	return hash[:min(len(hash), 12)]
}

// sameJSON compares values, not spelling: order of members and spaces do not count. Nothing is null.
func sameJSON(a, b json.RawMessage) bool {
	x, errX := canonical(a)
	y, errY := canonical(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func canonical(raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 {
		return []byte("null"), nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// checkLabel refuses labels, which come from grids, that would lead elsewhere.
func checkLabel(label string) error {
	const good = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.,+="
	if label == "" || len(label) > 200 || label[0] == '.' || strings.Trim(label, good) != "" {
		return core.Errorf(core.Invalid, "record", label, "a shard's label must be 1 to 200 letters, digits and -_.,+= and not begin with a dot: %q", label)
	}
	return nil
}

// Save writes the record, whole or not at all. It sorts Objects and Missing.
func (r *Record) Save(ctx context.Context, to core.ObjectStore, store string) error {
	if err := checkLabel(r.Label); err != nil {
		return err
	}
	r.Spec, r.WrittenAt = recordSpec, r.WrittenAt.UTC().Truncate(time.Second)
	slices.SortFunc(r.Objects, func(a, b Object) int { return strings.Compare(a.Path, b.Path) })
	slices.Sort(r.Missing)
	data, err := job.EncodeJSON(r)
	if err != nil {
		return core.Errorf(core.Internal, "record.Save", r.Label, "%w", err)
	}
	data = sealed(data)
	return to.Put(ctx, At(store).Record(r.Label), bytes.NewReader(data), core.PutOptions{Size: int64(len(data)), ContentType: "application/json"})
}

// sealed is a JSON object with a last member more, "sum": the hex SHA-256 of the object without it.
func sealed(data []byte) []byte {
	return append(data[:len(data)-1:len(data)-1], `,"sum":"`+sumOf(data)+`"}`...)
}

// unsealed reports whether an object is as it was sealed. One without a sum is of an earlier release.
func unsealed(data []byte) bool {
	const tail = len(`,"sum":""}`) + 2*sha256.Size
	at := len(data) - tail
	if at < 1 || !bytes.HasPrefix(data[at:], []byte(`,"sum":"`)) {
		return true
	}
	return bytes.Equal(data, sealed(append(data[:at:at], '}')))
}

// errSum is the error of a record that is not what was written.
var errSum = errors.New("it is not what was written, by its checksum")

// LoadRecord reads the record of a shard; NotFound if it is not done, Corrupt if the record cannot be read.
func LoadRecord(ctx context.Context, from core.ObjectReader, store, label string) (*Record, error) {
	r, err := loadRecord(ctx, from, store, label)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// loadRecord is LoadRecord, and gives the record beside errSum too.
func loadRecord(ctx context.Context, from core.ObjectReader, store, label string) (*Record, error) {
	if err := checkLabel(label); err != nil {
		return nil, err
	}
	url := At(store).Record(label)
	data, err := objstore.ReadAll(ctx, from, url, maxRecord)
	if core.Is(err, core.Invalid) {
		return nil, core.Errorf(core.Corrupt, "record.Load", url, "more than %d bytes are too many for a record", maxRecord)
	}
	if err != nil {
		return nil, err
	}
	r, err := decodeRecord(data)
	switch {
	case err != nil:
		return nil, core.Errorf(core.Corrupt, "record.Load", url, "%w; delete it to have the shard done again", err)
	case r.Spec != recordSpec:
		return nil, core.Errorf(core.Corrupt, "record.Load", url, "spec is %q, expected %q; delete it to have the shard done again", r.Spec, recordSpec)
	case r.Label != label:
		return nil, core.Errorf(core.Corrupt, "record.Load", url, "it is the record of %q; delete it to have the shard done again", r.Label)
	}
	if !unsealed(data) {
		return r, core.Errorf(core.Corrupt, "record.Load", url, "%w; delete it to have the shard done again", errSum)
	}
	return r, nil
}

func decodeRecord(data []byte) (*Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	for _, o := range r.Objects {
		if path.Clean(o.Path) != o.Path || !filepath.IsLocal(o.Path) || strings.ContainsAny(o.Path, "\\\x00") || o.Path == "." {
			return nil, fmt.Errorf("object path %q does not lie in the store", o.Path)
		}
	}
	return &r, nil
}

// statsAtOnce bounds the objects of a record that are looked for at once.
const statsAtOnce = 8

// Intact looks for the objects of the record and says what is wrong with the first that is not there in its size: then the shard is
// not done, whatever the record says. What they hold is not looked at (Verifier).
func (r *Record) Intact(ctx context.Context, objects core.ObjectReader, store string) (ok bool, reason string, err error) {
	reasons := make([]string, len(r.Objects))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(statsAtOnce)
	for i, o := range r.Objects {
		g.Go(func() error {
			info, err := objects.Stat(gctx, At(store).Object(o.Path))
			switch {
			case core.Is(err, core.NotFound):
				reasons[i] = o.Path + " is missing"
			case err != nil:
				return err
			case info.Size != o.Size:
				reasons[i] = fmt.Sprintf("%s has %d bytes, and had %d when it was written", o.Path, info.Size, o.Size)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return false, "", err
	}
	i := slices.IndexFunc(reasons, func(s string) bool { return s != "" })
	if i < 0 {
		return true, "", nil
	}
	return false, reasons[i], nil
}

// DeleteRecord removes a shard's record: from then on the shard is not done. That there is none is no error.
func DeleteRecord(ctx context.Context, from core.ObjectStore, store, label string) error {
	if err := checkLabel(label); err != nil {
		return err
	}
	return from.Delete(ctx, At(store).Record(label))
}

// ListRecords gives the labels of all shards that have a record, in URL order.
func ListRecords(ctx context.Context, from core.ObjectStore, store string) ([]string, error) {
	prefix := At(store).Records()
	var labels []string
	err := from.List(ctx, prefix, func(o core.ObjectInfo) error {
		name, isRecord := strings.CutSuffix(strings.TrimPrefix(o.URL, prefix), ".json")
		if isRecord && checkLabel(name) == nil {
			labels = append(labels, name)
		}
		return nil
	})
	return labels, err
}

// FindRecord reads the record of a shard to see whether it is done: nil if there is none. damaged reports one that cannot be
// read, which says nothing of the shard.
func FindRecord(ctx context.Context, from core.ObjectReader, store, label string) (r *Record, damaged bool, err error) {
	r, err = LoadRecord(ctx, from, store, label)
	switch core.CodeOf(err) {
	case core.NotFound:
		return nil, false, nil
	case core.Corrupt:
		return nil, true, nil
	}
	return r, false, err
}
