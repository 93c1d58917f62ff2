package fleet

// Records of failed events, which Lambda writes to a bucket if the function has one as its destination for failures.

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// failures are the records that Lambda leaves of events that came to nothing, in the function's destination for them
// (Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"). They belong to the goroutine that
// looks for results.
type failures struct {
	store  core.ObjectStore
	folder string // of the function's records
	since  time.Time
	seen   map[string]bool
	why    map[string]arrival // what became of requests, by their ids
	failed bool               // the last look
}

// defaultAge is how long Lambda keeps the events of a function for which nobody has configured anything else.
const defaultAge = 6 * time.Hour

// readEventConfig asks how long the function's events are kept, and where failures are recorded. Where it may not
// ask, it assumes what the template says.
func (f *Fleet) readEventConfig(ctx context.Context) {
	c, err := f.o.Client.GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: &f.o.Function})
	f.results.maxAge = MaxAge
	if code, _ := classify(err); err != nil && code == core.NotFound {
		f.results.maxAge = defaultAge
	}
	if err != nil {
		return
	}
	if c.MaximumEventAgeInSeconds != nil {
		f.results.maxAge = time.Duration(*c.MaximumEventAgeInSeconds) * time.Second
	}
	if c.DestinationConfig != nil && c.DestinationConfig.OnFailure != nil && f.o.Failures != nil {
		f.results.failures = f.openFailures(ctx, aws.ToString(c.DestinationConfig.OnFailure.Destination))
	}
}

// openFailures opens the bucket of a destination's ARN; nil if the destination is something else or cannot be opened.
func (f *Fleet) openFailures(ctx context.Context, arn string) *failures {
	_, bucket, ok := strings.Cut(arn, ":s3:::")
	if !ok {
		return nil
	}
	store, url, err := f.o.Failures(ctx, bucket)
	if err != nil {
		f.o.Notice("records of failures cannot be read: %v", err)
		return nil
	}
	return &failures{store: store, folder: strings.TrimSuffix(url, "/") + "/aws/lambda/async/" + f.o.Function + "/", since: time.Now().Add(-time.Minute), seen: map[string]bool{}, why: map[string]arrival{}}
}

// A failure is a record of an event that came to nothing, as far as it is used here.
type failure struct {
	Request struct {
		ID        string `json:"requestId"`
		Condition string `json:"condition"` // "RetriesExhausted", "EventAgeExceeded"
	} `json:"requestContext"`
	Answer struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	} `json:"responsePayload"`
}

// arrival is the failure in words, with its code if it came from a zagg worker.
func (r *failure) arrival() arrival {
	if r.Request.Condition == "EventAgeExceeded" {
		return arrival{lost: "Lambda had no worker for it for as long as it keeps events"}
	}
	kind := r.Answer.Type
	code, ours := job.CodeOfType(kind)
	if ours {
		kind = ""
	}
	text := strings.TrimSpace(kind + " " + r.Answer.Message)
	if text == "" {
		text = "the function failed"
	}
	a := arrival{lost: fmt.Sprintf("%.500s", text)}
	if ours {
		a.code = code
	}
	return a
}

// readFailures delivers the failures of this run's events to those who wait for them.
func (r *results) readFailures(ctx context.Context) {
	if r.failures == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := r.failures.look(ctx, time.Now())
	if err != nil && !r.failures.failed {
		r.notice("records of failures cannot be read: %v", err)
	}
	r.failures.failed = err != nil
	r.mu.Lock()
	defer r.mu.Unlock()
	for label, w := range r.waiting {
		if why, ok := r.failures.why[w.request]; ok {
			r.deliver(label, why)
		}
	}
}

// look reads the records that are new. Lambda files them by day, under names that begin with the time.
func (f *failures) look(ctx context.Context, now time.Time) error {
	var fresh []string
	days := []string{now.UTC().Format("2006/01/02/")}
	if before := now.Add(-10 * time.Minute).UTC().Format("2006/01/02/"); before != days[0] {
		days = append(days, before)
	}
	from := f.since.UTC().Format("2006-01-02T15.04.05")
	for _, day := range days {
		err := f.store.List(ctx, f.folder+day, func(o core.ObjectInfo) error {
			if !f.seen[o.URL] && path.Base(o.URL) >= from {
				fresh = append(fresh, o.URL)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, url := range fresh {
		data, err := objstore.ReadAll(ctx, f.store, url, maxResult)
		if err != nil {
			return err
		}
		f.seen[url] = true
		var one failure
		if json.Unmarshal(data, &one) == nil && one.Request.ID != "" { // others may keep other things there
			f.why[one.Request.ID] = one.arrival()
		}
	}
	return nil
}
