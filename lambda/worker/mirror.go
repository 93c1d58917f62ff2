package worker

import (
	"context"
	"encoding/json"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
)

// A mirror is where the answer is written for those who sent an event and do not get it.
type mirror struct {
	URL    string // of an event's result_url
	RunID  string
	Region string
	job.Terms
	Credentials *job.Credentials
	config      *config.Config // nil: not known yet
}

// parseEssentials takes from an event what is needed to tell what is wrong with the rest of it, member by member: one that is wrong does
// not keep the answer from who waits for it, unless it says where and by whose rights that is written.
func (m *mirror) parseEssentials(in *invocation) {
	var members map[string]json.RawMessage
	if json.Unmarshal(in.event, &members) != nil {
		return
	}
	take := func(name string, to any) bool {
		return members[name] == nil || json.Unmarshal(members[name], to) == nil
	}
	for name, to := range map[string]any{"run_id": &m.RunID, "region": &m.Region, "shard_key": &in.shard, "output_acl": &m.OutputACL, "output_kms_key": &m.OutputKMSKey} {
		take(name, to)
	}
	if !take("result_url", &m.URL) || !take("output_credentials", &m.Credentials) {
		m.URL = ""
	}
}

// publish mirrors an answer. That it cannot be written is an error of the function: nobody else would learn of it, and Lambda
// tells whom it was told to tell. The work is done all the same, and is known for that if it is asked for again.
func (in *invocation) publish(ctx context.Context, r job.Response, text string, status job.Status) error {
	m := &in.mirror
	if m.URL == "" || in.checkTarget("result_url", m.URL) != nil { // then the event is refused for that
		return nil
	}
	now := time.Now()
	res := job.Result{SchemaVersion: 1, Status: "ok", AttemptID: in.requestID, RunID: m.RunID, Shard: in.shard, Code: r.StatusCode, Response: r,
		Timings: job.Timings{Start: in.start.UTC(), End: now.UTC(), DurationS: now.Sub(in.start).Seconds()}}
	if text != "" {
		res.Error = &text
	}
	switch {
	case status == job.Empty:
		res.Status = "no_data"
	case r.StatusCode != 200:
		res.Status = "failed"
	}
	if err := in.put(ctx, res); err != nil {
		in.log.Error("result_not_mirrored", "shard_key", in.shard, "result_url", m.URL, "error", err.Error(), "request_id", in.requestID)
		return core.Wrapf(err, "worker", in.name(), "its result could not be written: %w", err)
	}
	return nil
}

func (in *invocation) put(ctx context.Context, res job.Result) error {
	data, err := json.Marshal(res)
	if err != nil {
		return err
	}
	m := &in.mirror
	store, err := in.output(ctx, m.Credentials, m.Region, m.Terms, m.config, m.URL)
	if err != nil {
		return err
	}
	return objstore.PutBytes(ctx, objstore.Retry(store, objstore.Policy{}), m.URL, data, core.PutOptions{ContentType: "application/json"})
}
