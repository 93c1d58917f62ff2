package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// accept queues an event.
func (l *Lambda) accept(f *function, call Call, fault Fault) {
	copies := 1
	l.count(func(s *Stats) {
		s.Events++
		switch {
		case fault.Lose:
			s.EventsLost++
			copies = 0
		case fault.Twice:
			s.EventsTwice++
			copies = 2
		}
	})
	for range copies {
		l.spawn(func() { l.deliver(f, call, fault) })
	}
}

// deliver runs an event until it succeeds, has failed too often or is too old. As a queue does, it waits longer each
// time that there is no room.
func (l *Lambda) deliver(f *function, call Call, fault Fault) {
	config := AsyncConfig{Retries: 2, MaxAge: 6 * time.Hour}
	if f.Async != nil {
		config = *f.Async
	}
	late := time.Now().Add(config.MaxAge)
	wait, backoff := fault.Delay, time.Second
	condition := eventAgeExceeded
	var out outcome
	for {
		if !l.sleep(wait) {
			return
		}
		if time.Now().After(late) {
			break
		}
		s, reason := f.acquire()
		if reason != "" {
			wait, backoff = backoff, min(2*backoff, 5*time.Minute)
			continue
		}
		out = f.run(s, call, fault)
		if !out.failed {
			return
		}
		if call.Attempt++; call.Attempt > config.Retries {
			condition = retriesExhausted
			break
		}
		l.count(func(s *Stats) { s.EventRetries++ })
		call.Number = l.calls.Add(1)
		fault = (*l.fault.Load())(call)
		wait = l.o.RetryDelay << (call.Attempt - 1)
	}
	l.count(func(s *Stats) { s.EventsDropped++ })
	if err := l.record(f, call, &out, condition, config.OnFailure); err != nil {
		l.log.add(f.Name, []byte("destination for failures: "+err.Error()+"\n"))
	}
}

// Why an event was given up.
const (
	retriesExhausted = "RetriesExhausted"
	eventAgeExceeded = "EventAgeExceeded"
)

// A failure is what Lambda tells a destination about an event that came to nothing (Lambda Developer Guide, "Capturing
// records of Lambda asynchronous invocations").
type failure struct {
	Version   string    `json:"version"`
	Timestamp time.Time `json:"timestamp"`
	Request   struct {
		ID        string `json:"requestId"`
		Function  string `json:"functionArn"`
		Condition string `json:"condition"`
		Count     int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	Payload  json.RawMessage `json:"requestPayload"`
	Response *struct {
		Status  int    `json:"statusCode"`
		Version string `json:"executedVersion"`
		Error   string `json:"functionError"`
	} `json:"responseContext,omitempty"`
	Answer json.RawMessage `json:"responsePayload,omitempty"`
}

// record writes the record of an event that came to nothing, under the key that Lambda gives it.
func (l *Lambda) record(f *function, call Call, out *outcome, condition string, to Destination) error {
	if to.Store == nil {
		return nil
	}
	now := time.Now().UTC()
	r := failure{Version: "1.0", Timestamp: now, Payload: call.Payload}
	r.Request.ID, r.Request.Function, r.Request.Condition, r.Request.Count = call.RequestID, l.arn(f.Name)+":$LATEST", condition, call.Attempt
	if condition == retriesExhausted {
		r.Response = &struct {
			Status  int    `json:"statusCode"`
			Version string `json:"executedVersion"`
			Error   string `json:"functionError"`
		}{200, "$LATEST", "Unhandled"}
		r.Answer = out.payload
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	url := strings.TrimSuffix(to.URL, "/") + "/aws/lambda/async/" + f.Name + now.Format("/2006/01/02/2006-01-02T15.04.05-") + NewID()
	return to.Store.Put(context.WithoutCancel(l.ctx), url, bytes.NewReader(data), core.PutOptions{Size: int64(len(data)), ContentType: "application/json"})
}

// sleep waits; it is false if the service ends first.
func (l *Lambda) sleep(d time.Duration) bool {
	if d <= 0 {
		return l.ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}
