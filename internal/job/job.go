package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/secret"
)

// maxEvent is the largest event that is read; the largest a Lambda function can be sent is 6 MB.
const maxEvent = 64 << 20

// A Job is the work of one shard, or of some neighbours (Shards), as every executor gets it. Its JSON is the event of a cloud worker; members that are not
// set are not written, so that a run without newer features sends what earlier releases sent.
// Marshalled as it is, credentials are redacted; Event has them.
type Job struct {
	Mode              string          `json:"mode,omitempty"`      // "" or "process"
	ChunkIdx          []int64         `json:"chunk_idx,omitempty"` // the shard's block along each dimension, for people
	ShardKey          core.ShardKey   `json:"shard_key"`
	ParentOrder       *int            `json:"parent_order"` // null for grids without orders
	Granules          Granules        `json:"granule_urls"`
	StorePath         string          `json:"store_path"`
	S3Credentials     *Credentials    `json:"s3_credentials,omitempty"` // to read granules
	OutputCredentials *Credentials    `json:"output_credentials,omitempty"`
	ChildOrder        *int            `json:"child_order,omitempty"`
	Config            json.RawMessage `json:"config,omitempty"`  // config.Config.JSON
	Plugins           []Plugin        `json:"plugins,omitempty"` // not of zagg, that it was planned with
	Profile           bool            `json:"profile,omitempty"`
	Handoff           string          `json:"handoff,omitempty"` // no effect
	InvokedBy         json.RawMessage `json:"invoked_by,omitempty"`
	RunID             string          `json:"run_id,omitempty"`
	ResultURL         string          `json:"result_url,omitempty"`
	StartedURL        string          `json:"started_url,omitempty"` // where the worker shows that it is at work: a Sign
	AllowContraction  bool            `json:"allow_contraction,omitempty"`
	Submap            json.RawMessage `json:"submap,omitempty"` // the shard's part of the shard map; not read

	GranulesURL   string          `json:"granules_url,omitempty"`   // object with the list of granules, where it is too long for an event
	GranulesKey   secret.Text     `json:"granules_key,omitempty"`   // opens that object, if it is sealed
	Label         string          `json:"label,omitempty"`          // the shard for people and file names
	Block         *int64          `json:"block,omitempty"`          // rank in a compact plan; nil: the grid's own block
	Plan          string          `json:"plan,omitempty"`           // PlanHash
	PlanShards    int64           `json:"plan_shards,omitempty"`    // shards of a compact plan
	GridSignature json.RawMessage `json:"grid_signature,omitempty"` // what the worker's own grid must have
	Window        *Window         `json:"window,omitempty"`         // the only rows; null: all times are in one window
	Driver        string          `json:"driver,omitempty"`         // "s3" or "https", where it is not the config's
	Region        string          `json:"region,omitempty"`
	Terms
	Overwrite    bool   `json:"overwrite,omitempty"`
	Append       string `json:"append,omitempty"` // what becomes of a shard that was computed of some of the granules
	AllowMissing bool   `json:"allow_missing,omitempty"`
	// Home are the places in the list of granules of those whose rows without a position this job counts; each granule has
	// one job that does. nil: no plan says so, and the job counts them of all.
	Home []int `json:"home,omitzero"`
	// Untimed are the places of those whose rows that cannot be told to be of a window this job counts; nil: of all.
	Untimed    []int        `json:"untimed,omitzero"`
	Superseded []Superseded `json:"superseded,omitempty"` // for the record
	Missing    []ReadError  `json:"missing,omitempty"`    // granules that planning could not read, for the record
	// Shards are those of a job of many, computed in one pass over the list of granules; none: the job is of one.
	Shards []Part `json:"shards,omitempty"`
}

// Terms are what S3 is told beside keys, of a bucket of another account.
type Terms struct {
	OutputACL     string `json:"output_acl,omitempty"`     // canned ACL of what is written: "bucket-owner-full-control"
	OutputKMSKey  string `json:"output_kms_key,omitempty"` // KMS key that what is written is encrypted with
	RequesterPays bool   `json:"requester_pays,omitempty"` // reading granules is charged to the account that reads
}

// What becomes of a shard that was computed of some of its granules.
const (
	AppendAuto      = ""          // the others are folded in where that gives the same bytes as computing it of all; else it is
	AppendFold      = "fold"      // they are folded in where that is near to it too
	AppendRecompute = "recompute" // it is computed of all
)

// A Superseded is a granule that was left out because another holds the same observations, newer or whole.
type Superseded struct {
	Granule string `json:"granule"`
	By      string `json:"by"`
}

// IsHome reports whether the job counts the rows without a position of granule i.
func (j *Job) IsHome(i int) bool {
	_, home := slices.BinarySearch(j.Home, i)
	return home || j.Home == nil
}

// BareName is the last element of an address, without a query.
func BareName(url string) string { return core.Address(url).Name() }

// Decode reads an event. It refuses what it does not know, because an event that asks for more than a worker does
// must not look done, and what it knows but cannot do (masks, windows of other layouts) as Unsupported.
func Decode(data []byte) (*Job, error) {
	if len(data) > maxEvent {
		return nil, core.Errorf(core.Invalid, "job.Decode", "", "an event of %d bytes is too large (most: %d)", len(data), maxEvent)
	}
	var e struct {
		Job
		Window     json.RawMessage `json:"window"`
		AOIPayload json.RawMessage `json:"aoi_payload"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return nil, decodeError(err, dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, core.Errorf(core.Invalid, "job.Decode", "", "text after the event at byte %d", dec.InputOffset())
	}
	if hasValue(e.AOIPayload) {
		return nil, core.Errorf(core.Unsupported, "job.Decode", "aoi_payload", "not supported yet: aoi_payload")
	}
	if hasValue(e.Window) {
		var err error
		if e.Job.Window, err = decodeWindow(e.Window); err != nil {
			return nil, err
		}
	}
	for _, raw := range []*json.RawMessage{&e.Config, &e.InvokedBy, &e.Submap, &e.GridSignature} {
		if string(*raw) == "null" {
			*raw = nil
		}
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	return &e.Job, nil
}

// hasValue reports whether a member of an event says something.
func hasValue(raw json.RawMessage) bool {
	return raw != nil && string(raw) != "null" && string(raw) != "[]"
}

// SetGranules takes the list from the object at GranulesURL (SealedGranules).
func (j *Job) SetGranules(data []byte) error {
	data, err := j.unseal(data)
	if err != nil {
		return err
	}
	if len(data) > maxEvent {
		return core.Errorf(core.Invalid, "job", j.GranulesURL, "a list of %d bytes is too long (most: %d)", len(data), maxEvent)
	}
	var list Granules
	if err := json.Unmarshal(data, &list); err != nil {
		return core.Errorf(core.Corrupt, "job", j.GranulesURL, "the list of granules: %s", inWords(err, 0, ""))
	}
	if err := checkGranules(j.ShardKey, list); err != nil {
		return err
	}
	if err := checkPlaces(j.ShardKey, "home", j.Home, len(list)); err != nil {
		return err
	}
	if err := checkPlaces(j.ShardKey, "untimed", j.Untimed, len(list)); err != nil {
		return err
	}
	if err := j.checkShards(len(list)); err != nil {
		return err
	}
	j.Granules = list
	return nil
}

// check refuses a job that lacks what every job has.
func (j *Job) check() error {
	if j.Mode != "" && j.Mode != "process" {
		return core.Errorf(core.Unsupported, "job.Decode", string(j.ShardKey), "not supported yet: mode %s", j.Mode)
	}
	switch j.Append {
	case AppendAuto, AppendRecompute:
	case AppendFold:
		return core.Errorf(core.Unsupported, "job.Decode", string(j.ShardKey), "append: %s is for runs on one machine, because an event may be delivered twice and the results would differ", j.Append)
	default:
		return core.Errorf(core.Invalid, "job.Decode", string(j.ShardKey), "append is %q; have %s, or none", j.Append, AppendRecompute)
	}
	var missing []string
	if j.ShardKey == "" {
		missing = append(missing, "shard_key")
	}
	if j.Granules == nil && j.GranulesURL == "" {
		missing = append(missing, "granule_urls")
	}
	if j.StorePath == "" {
		missing = append(missing, "store_path")
	}
	if len(missing) > 0 {
		return core.Errorf(core.Invalid, "job.Decode", string(j.ShardKey), "Missing required parameters: %s", strings.Join(missing, ", "))
	}
	if j.GranulesURL != "" && len(j.Granules) > 0 {
		return core.Errorf(core.Invalid, "job.Decode", string(j.ShardKey), "granule_urls and granules_url exclude each other")
	}
	if err := checkGranules(j.ShardKey, j.Granules); err != nil || j.GranulesURL != "" {
		return err
	}
	if err := checkPlaces(j.ShardKey, "home", j.Home, len(j.Granules)); err != nil {
		return err
	}
	if err := checkPlaces(j.ShardKey, "untimed", j.Untimed, len(j.Granules)); err != nil {
		return err
	}
	return j.checkShards(len(j.Granules))
}

// checkPlaces wants ascending places in a list of n granules.
func checkPlaces(key core.ShardKey, member string, places []int, n int) error {
	last := -1
	for _, i := range places {
		if i <= last || i >= n {
			return core.Errorf(core.Invalid, "job.Decode", string(key), "%s: want ascending places in the list of %d granules, from 0; have %d after %d", member, n, i, last)
		}
		last = i
	}
	return nil
}

func checkGranules(key core.ShardKey, list Granules) error {
	seen := make(map[string]bool, len(list))
	for i, g := range list {
		switch {
		case g.URL() == "":
			return core.Errorf(core.Invalid, "job.Decode", string(key), "granule_urls[%d] has no address", i)
		case seen[g.URL()]:
			return core.Errorf(core.Invalid, "job.Decode", string(key), "granule %s is listed twice; its observations would count twice", g.URL())
		}
		seen[g.URL()] = true
	}
	return nil
}

// Event is the job as a cloud worker gets it, credentials and all. It must not be logged.
func (j *Job) Event() ([]byte, error) {
	type plain Job
	return EncodeJSON(struct {
		*plain
		S3     *revealed `json:"s3_credentials,omitempty"`
		Output *revealed `json:"output_credentials,omitempty"`
		Key    string    `json:"granules_key,omitempty"`
	}{(*plain)(j), j.S3Credentials.reveal(), j.OutputCredentials.reveal(), j.GranulesKey.Reveal()})
}

// EncodeJSON marshals compactly and leaves <, > and & as they are.
func EncodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
