package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/windows"
)

// The modes of a cloud worker.
const (
	ModeProcess  = "process"
	ModeSetup    = "setup"
	ModeFinalize = "finalize"
	ModePing     = "ping"
	ModeClaim    = "claim"
)

// A Call is the event of a cloud worker in another mode than process: to set up a store, to end a run, to try out
// whether the worker works and may write, or to write the claim of a run that may not.
type Call struct {
	Mode              string          `json:"mode"`
	StorePath         string          `json:"store_path"`
	Config            json.RawMessage `json:"config,omitempty"`  // config.Config.JSON
	Plugins           []Plugin        `json:"plugins,omitempty"` // not of zagg, that the run was planned with
	ParentOrder       *int            `json:"parent_order"`
	Overwrite         bool            `json:"overwrite,omitempty"`
	Dataset           json.RawMessage `json:"dataset,omitempty"`      // no effect
	TimesUS           json.RawMessage `json:"times_us,omitempty"`     // of raster stores; no effect when empty
	RunManifest       json.RawMessage `json:"run_manifest,omitempty"` // no effect
	OutputCredentials *Credentials    `json:"output_credentials,omitempty"`
	InvokedBy         json.RawMessage `json:"invoked_by,omitempty"` // no effect
	RunID             string          `json:"run_id,omitempty"`
	ResultURL         string          `json:"result_url,omitempty"`

	ChildOrder *int   `json:"child_order,omitempty"`
	Region     string `json:"region,omitempty"`
	Terms
	ShardKeys []core.ShardKey `json:"shard_keys,omitempty"` // of the whole plan; a compact store needs them
	Selected  bool            `json:"selected,omitempty"`   // only some of the plan's shards will be computed
	Windows   *windows.Axis   `json:"windows,omitempty"`    // of the store
	// Planned are the shards of each window that is computed, where there are windows: finalize removes others of these.
	Planned []Planned `json:"planned,omitempty"`
	Prune   bool      `json:"prune,omitempty"` // finalize: remove what the plan of ShardKeys does not have

	GranuleURL    string       `json:"granule_url,omitempty"` // ping: a granule to begin to read
	S3Credentials *Credentials `json:"s3_credentials,omitempty"`

	Claim   json.RawMessage `json:"claim,omitempty"`    // claim: what is written (store.Claim),
	IfMatch string          `json:"if_match,omitempty"` // if what is there has this ETag (core.PutOptions.IfMatch)
}

// Planned are the shards of one window that a plan has.
type Planned struct {
	Place     int64           `json:"place"` // along Call.Windows
	ShardKeys []core.ShardKey `json:"shard_keys"`
}

// checkWindows refuses windows that are none, and shards planned in others.
func (c *Call) checkWindows() error {
	if c.Windows == nil {
		return nil
	}
	if err := c.Windows.Check(); err != nil {
		return err
	}
	for _, p := range c.Planned {
		if p.Place < 0 || p.Place >= int64(c.Windows.Count) {
			return core.Errorf(core.Invalid, "job.DecodeCall", "planned", "place %d; there are %d windows", p.Place, c.Windows.Count)
		}
	}
	return nil
}

// ModeOf is the mode that an event asks for; "process" where it says nothing. It looks at nothing else, and a text that
// is no event is of mode process, which then refuses it.
func ModeOf(event []byte) string {
	var e struct {
		Mode string `json:"mode"`
	}
	if json.NewDecoder(bytes.NewReader(event)).Decode(&e) != nil || e.Mode == "" {
		return ModeProcess
	}
	return e.Mode
}

// DecodeCall reads the event of a mode other than process. It refuses what it does not know.
func DecodeCall(data []byte) (*Call, error) {
	const op = "job.DecodeCall"
	if len(data) > maxEvent {
		return nil, core.Errorf(core.Invalid, op, "", "an event of %d bytes is too large (most: %d)", len(data), maxEvent)
	}
	mode := ModeOf(data)
	if !slices.Contains([]string{ModeSetup, ModeFinalize, ModePing, ModeClaim}, mode) {
		return nil, core.Errorf(core.Unsupported, op, mode, "not supported yet: mode %s; have process, setup, finalize, ping, claim", mode)
	}
	var c Call
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, decodeError(err, dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, core.Errorf(core.Invalid, op, mode, "text after the event at byte %d", dec.InputOffset())
	}
	for _, raw := range []*json.RawMessage{&c.Config, &c.Dataset, &c.TimesUS, &c.RunManifest, &c.InvokedBy, &c.Claim} {
		if string(*raw) == "null" {
			*raw = nil
		}
	}
	return &c, c.check()
}

func (c *Call) check() error {
	var missing []string
	if c.StorePath == "" && c.Mode != ModePing {
		missing = append(missing, "store_path")
	}
	if c.Config == nil && (c.Mode == ModeSetup || c.Prune) {
		missing = append(missing, "config")
	}
	if c.Claim == nil && c.Mode == ModeClaim {
		missing = append(missing, "claim")
	}
	if err := c.checkWindows(); err != nil {
		return err
	}
	if c.ShardKeys == nil && c.Prune {
		missing = append(missing, "shard_keys")
	}
	if len(missing) > 0 {
		return core.Errorf(core.Invalid, "job.DecodeCall", c.Mode, "Missing required parameters: %s", strings.Join(missing, ", "))
	}
	if len(c.TimesUS) > 0 && string(c.TimesUS) != "[]" {
		return core.Errorf(core.Unsupported, "job.DecodeCall", c.Mode, "not supported yet: times_us, which raster stores have")
	}
	return nil
}

// Event is the call as a cloud worker gets it, credentials and all. It must not be logged.
func (c *Call) Event() ([]byte, error) {
	type plain Call
	return EncodeJSON(struct {
		*plain
		S3     *revealed `json:"s3_credentials,omitempty"`
		Output *revealed `json:"output_credentials,omitempty"`
	}{(*plain)(c), c.S3Credentials.reveal(), c.OutputCredentials.reveal()})
}
