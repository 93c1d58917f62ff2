// Package quickdeploy changes files in a function's zip and updates all functions that use it, in parallel.
//
// Its tests are in test/deploy and test/zip.
package quickdeploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/quantity"
)

// An updater makes functions take the zip at an address. Their configuration stays, and no version is published.
type updater struct {
	client      *lambda.Client
	bucket, key string
	poll        time.Duration                // between questions whether Lambda is ready; 0: half a second
	report      func(function, state string) // what a function is at; called from several goroutines; may be nil
}

// limit is how long one function may take.
const limit = 5 * time.Minute

// A Result is how it went with one function.
type Result struct {
	Function string  `json:"function"`
	SHA256   string  `json:"code_sha256,omitempty"` // of the zip that it has now, base64 as Lambda gives it
	Seconds  float64 `json:"seconds"`
	Error    string  `json:"error,omitempty"`
	Err      error   `json:"-"`
}

// String is the result as a line.
func (r Result) String() string {
	if r.Err != nil {
		return fmt.Sprintf("%s failed after %s: %v", r.Function, quantity.Seconds(r.Seconds), r.Err)
	}
	return fmt.Sprintf("%s updated in %s, code %s", r.Function, quantity.Seconds(r.Seconds), r.SHA256)
}

// atOnce is how many functions are updated at a time.
const atOnce = 16

// all updates functions and waits until each has the new code. The results are in the order of the functions; that one
// fails does not hold the others up.
func (u *updater) all(ctx context.Context, functions []string) []Result {
	results := make([]Result, len(functions))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, name := range functions {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			began := time.Now()
			sha, err := u.one(ctx, name)
			results[i] = Result{Function: name, SHA256: sha, Seconds: time.Since(began).Seconds(), Err: err}
			if err != nil {
				results[i].Error = err.Error()
				u.say(name, "failed: "+err.Error())
			} else {
				u.say(name, "has the new code")
			}
		})
	}
	wg.Wait()
	return results
}

func (u *updater) say(function, state string) {
	if u.report != nil {
		u.report(function, state)
	}
}

// one updates a function. Lambda makes one change at a time and says so of a second one, which then waits.
func (u *updater) one(ctx context.Context, name string) (sha string, err error) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	for {
		u.say(name, "updating")
		out, err := u.client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: &name, S3Bucket: &u.bucket, S3Key: &u.key})
		if err == nil {
			return u.ready(ctx, name, aws.ToString(out.CodeSha256), out.LastUpdateStatus, aws.ToString(out.LastUpdateStatusReason))
		}
		if _, ok := errors.AsType[*types.ResourceConflictException](err); !ok {
			return "", fail(name, err)
		}
		u.say(name, "waiting for another change of it")
		if err := u.sleep(ctx, name); err != nil {
			return "", err
		}
	}
}

// ready waits until the code is in use.
func (u *updater) ready(ctx context.Context, name, sha string, status types.LastUpdateStatus, reason string) (string, error) {
	for status == types.LastUpdateStatusInProgress {
		u.say(name, "waiting until it is ready")
		if err := u.sleep(ctx, name); err != nil {
			return "", err
		}
		out, err := u.client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil {
			return "", fail(name, err)
		}
		status, reason, sha = out.LastUpdateStatus, aws.ToString(out.LastUpdateStatusReason), aws.ToString(out.CodeSha256)
	}
	if status == types.LastUpdateStatusFailed {
		return "", core.Errorf(core.Invalid, "function", name, "Lambda could not take the code: %s", reason)
	}
	return sha, nil
}

func (u *updater) sleep(ctx context.Context, name string) error {
	select {
	case <-ctx.Done():
		return core.Errorf(core.Unavailable, "function", name, "it was not ready in time: %w", ctx.Err())
	case <-time.After(cmp.Or(u.poll, 500*time.Millisecond)):
		return nil
	}
}

// fail gives an error of Lambda its code.
func fail(name string, err error) error {
	code := core.Unavailable
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		switch kind := e.ErrorCode(); {
		case kind == "ResourceNotFoundException":
			code = core.NotFound
		case strings.HasPrefix(kind, "AccessDenied") || strings.HasPrefix(kind, "ExpiredToken") || kind == "UnrecognizedClientException":
			code = core.Denied
		case e.ErrorFault() == smithy.FaultClient && kind != "TooManyRequestsException":
			code = core.Invalid
		}
	}
	return core.Errorf(code, "function", name, "%w", err)
}
