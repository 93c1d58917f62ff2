package job

import (
	"encoding/json"
	"time"

	"github.com/englacial/zagg/core"
)

// What a shard without data is answered with as its error. They are no failures: the shard has its record.
const (
	NoGranules = "No granules found"
	NoData     = "No data after filtering"
)

// A Response is what a cloud worker sends back.
type Response struct {
	StatusCode int    `json:"statusCode"` // 200; 400: the event is wrong; 500: anything else
	Body       string `json:"body"`       // JSON of a Done, or of a CallDone
}

// NewResponse has a body of JSON.
func NewResponse(status int, body any) (Response, error) {
	data, err := EncodeJSON(body)
	return Response{StatusCode: status, Body: string(data)}, err
}

// A Done is the body of a process response.
type Done struct {
	ShardKey core.ShardKey `json:"shard_key"`
	Label    string        `json:"label,omitempty"`
	Status   Status        `json:"status"` // OK, Empty, Partial or Failed
	Skipped  bool          `json:"skipped,omitempty"`
	Folded   []string      `json:"folded,omitempty"` // granules that were folded into what the store had of the others
	// Error is null when the shard is done and has data; NoGranules and NoData come with status Empty.
	Error *string `json:"error"`
	Code  string  `json:"code,omitempty"` // of a failure: core.Code in words

	CellsWithData  int64              `json:"cells_with_data"`
	TotalObs       int64              `json:"total_obs"`
	TotalObsRead   int64              `json:"total_obs_read"`
	GranuleCount   int                `json:"granule_count"`
	FilesProcessed int64              `json:"files_processed"`
	DurationS      float64            `json:"duration_s"`
	ReadErrors     int                `json:"read_errors,omitempty"`
	GranuleErrors  int                `json:"granule_errors,omitempty"`
	AuthErrors     int                `json:"auth_errors,omitempty"`
	Exemplars      []string           `json:"read_error_exemplars,omitempty"` // at most 3 of at most 300 characters
	PhaseTimings   map[string]float64 `json:"phase_timings,omitempty"`        // seconds
	SemanticHash   string             `json:"semantic_hash,omitempty"`
	RunID          string             `json:"run_id,omitempty"`
	RequestID      string             `json:"request_id,omitempty"`
	Version        string             `json:"zagg_version"`
	TimedOut       bool               `json:"timed_out,omitempty"`           // stopped before the invocation's deadline
	Expired        bool               `json:"credentials_expired,omitempty"` // new ones would do
	Unwritten      string             `json:"index_error,omitempty"`
	RecordURL      string             `json:"record_url,omitempty"`
	Receipt        *Receipt           `json:"receipt,omitempty"` // of the record
	// Shards are those of a job of many, in the event's order, each as if it had been alone; the numbers above are their sums, and
	// the status is failed if one of them failed.
	Shards []Done `json:"shards,omitempty"`

	Container
}

// Failed is the status of a shard that is not done. No record has it.
const Failed Status = "failed"

// A Container describes the sandbox that a worker runs in.
type Container struct {
	MaxMemoryMB float64 `json:"max_memory_mb"`    // of the process so far
	HighWaterMB float64 `json:"container_hwm_mb"` // the same
	CPUSeconds  float64 `json:"cpu_seconds"`      // of this invocation
	Cold        bool    `json:"container_cold"`
	Generation  int     `json:"container_generation"` // invocations so far, this one included
	RSSStartMB  float64 `json:"rss_start_mb"`
	SandboxID   *string `json:"sandbox_id"`
	InitTS      float64 `json:"container_init_ts"` // Unix seconds
}

// A CallDone is the body of the response to a Call.
type CallDone struct {
	OK      bool    `json:"ok"`
	Mode    string  `json:"mode"`
	Layout  string  `json:"layout,omitempty"` // "flat": one store for all shards
	Fresh   bool    `json:"fresh,omitempty"`  // set-up has written the store
	Version string  `json:"zagg_version"`
	Error   *string `json:"error,omitempty"`
	Code    string  `json:"code,omitempty"`
	Unmet   bool    `json:"unmet,omitempty"` // the condition of a claim does not hold: another has changed it
	Check   string  `json:"check,omitempty"` // what of a ping failed: "write_probe", "config", "granule_probe"

	Removed     []string        `json:"removed,omitempty"` // labels of shards that finalize has removed
	WriteProbe  string          `json:"write_probe,omitempty"`
	ProbeKey    string          `json:"probe_key,omitempty"`
	ListProbe   string          `json:"list_probe,omitempty"`    // "ok", or "not granted": runs look for each result by its name
	Granule     string          `json:"granule_probe,omitempty"` // "ok", or why the granule is not there
	ProbeDelete string          `json:"probe_delete,omitempty"`  // "ok", or why the probe was left behind
	Manifest    json.RawMessage `json:"manifest,omitempty"`      // of a ping: host.Manifest
	RequestID   string          `json:"request_id,omitempty"`
	DurationS   float64         `json:"duration_s"`
}

// A Result is what a worker mirrors to Job.ResultURL, for those who sent an event and got no answer.
type Result struct {
	SchemaVersion int           `json:"schema_version"` // 1
	Status        string        `json:"status"`         // "ok", "no_data", "failed"
	AttemptID     string        `json:"attempt_id"`     // the request's
	RunID         string        `json:"run_id"`
	Shard         core.ShardKey `json:"shard,omitempty"`
	Window        *string       `json:"window"` // null
	Timings       Timings       `json:"timings"`
	Error         *string       `json:"error"`
	Code          int           `json:"status_code"`
	Response                    // as it was answered
}

// A Sign is what a worker writes to Job.StartedURL while it is at work.
type Sign struct {
	RunID     string    `json:"run_id"`
	Label     string    `json:"label"`
	AttemptID string    `json:"attempt_id"` // the request's
	Started   time.Time `json:"started"`
	At        time.Time `json:"at"`
}

// SignEvery is the time between two signs of a worker.
const SignEvery = 10 * time.Second

// Timings are when the work began and ended.
type Timings struct {
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	DurationS float64   `json:"duration_s"`
}

// DecodeResult reads a mirrored result.
func DecodeResult(data []byte) (*Result, error) {
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, core.Errorf(core.Corrupt, "job.DecodeResult", "", "%w", err)
	}
	return &r, nil
}

// Done reads the body of a process response.
func (r *Response) Done() (*Done, error) {
	var d Done
	if err := json.Unmarshal([]byte(r.Body), &d); err != nil {
		return nil, core.Errorf(core.Corrupt, "job.Response", "", "the body: %w", err)
	}
	return &d, nil
}

// CallDone reads the body of the response to a Call.
func (r *Response) CallDone() (*CallDone, error) {
	var d CallDone
	if err := json.Unmarshal([]byte(r.Body), &d); err != nil {
		return nil, core.Errorf(core.Corrupt, "job.Response", "", "the body: %w", err)
	}
	return &d, nil
}

// IsNoData reports whether an error only says that there is no data.
func IsNoData(text string) bool { return text == NoGranules || text == NoData }
